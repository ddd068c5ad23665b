"""The self-check: asking, taking answers, explaining, steering. What a Rasa form would do, as ordinary code."""

"""What the bot does next: rasa-sdk actions, a file per topic, around rules that know nothing of Rasa."""

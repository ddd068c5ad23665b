/** What an adviser has written and not sent, kept in this tab over a reload; signing out forgets it. */

const DRAFTS = "tienviitta-adviser-drafts";
const OUTBOX = "tienviitta-adviser-outbox";

function read(key, empty) {
  try {
    return JSON.parse(sessionStorage.getItem(key)) ?? empty;
  } catch {
    return empty;
  }
}

function write(key, value) {
  try {
    sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Refused or full: a reload loses what was not sent, nothing else.
  }
}

export const draftOf = (handoff) => read(DRAFTS, {})[handoff] ?? "";

export function keepDraft(handoff, text) {
  const { [handoff]: _before, ...others } = read(DRAFTS, {});
  write(DRAFTS, text ? { ...others, [handoff]: text } : others);
}

/** Messages on their way: `{clientId, handoff, text, at}`. The same clientId again is said once. */
export const outbox = () => read(OUTBOX, []);

export const keepOutbox = (messages) =>
  write(OUTBOX, messages.map(({ clientId, handoff, text, at }) => ({ clientId, handoff, text, at })));

export function forgetUnsent() {
  write(DRAFTS, {});
  write(OUTBOX, []);
}

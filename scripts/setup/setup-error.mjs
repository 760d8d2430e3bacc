// @ts-check
/** A reason why set-up cannot go on that the user can do something about: shown as one line, without a stack trace. */
export class SetupError extends Error {
  /** @override */
  name = "SetupError";

  /**
   * @param {string} message what is missing or went wrong and what to do about it, in one line
   * @param {string} [output] what the failed program printed, shown above the line
   * @param {number} [exitCode]
   */
  constructor(message, output = "", exitCode = 1) {
    super(message);
    /** @readonly */
    this.output = output;
    /** @readonly */
    this.exitCode = exitCode;
  }
}

/** That a program is missing which set-up starts: all that are missing are told at once. */
export class MissingTool extends SetupError {}

/* Generated from protocol/schema/frames.json by "npm run types". */

export interface BinaryFrames {
  [k: string]: unknown;
}

export interface Checkpoints {
  readonly x: 1;
}

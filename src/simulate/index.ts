export { LEVEL_CHOICES, type LevelChoice } from './request.ts';
export { type SimulateOptions, type Simulation, type StorylineTruth, simulate, type Truth } from './simulate.ts';
export { firedAt, STORYLINES, type Storyline } from './storylines/index.ts';

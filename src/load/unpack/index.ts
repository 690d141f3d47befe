export { DamagedSource, unreadable } from './damage.ts';
export { headOf, type Member, type Packed, plainBytes, type UnpackLimits, type Unreadable, unpack } from './members.ts';
export { isCompressed, packingOf } from './packing.ts';
export { type Peeked, peek, rejoin } from './peek.ts';
export type { SliceRange } from './range.ts';

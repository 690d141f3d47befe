import { describe, expect, it } from 'vitest';
import { openWindow, type Window } from '../../src/load/window.ts';

const STEP = 100;
const MOST = 800;

/** A server that answers `rate(limit)` bytes a millisecond, and each request after `latency(limit)` milliseconds. */
interface Server {
  readonly rate: (underWay: number) => number;
  readonly latency: (underWay: number) => number;
}

/** Drives a window that always has something waiting, for so many answers; gives the limits that it had. */
function drive(answers: number, server: Server, at: (answer: number, window: Window) => void = () => {}): number[] {
  let time = 0;
  const window = openWindow({ step: STEP, most: MOST, now: () => time });
  const limits: number[] = [];
  for (let answer = 0; answer < answers; answer += 1) {
    window.enter(STEP);
    window.admits(MOST + 1);
    time += STEP / server.rate(window.limit());
    window.leave(STEP, server.latency(window.limit()));
    at(answer, window);
    limits.push(window.limit());
  }
  return limits;
}

/** A server with room for so many bytes at once: more only makes its answers late. */
const withRoomFor = (room: number): Server => ({
  rate: (underWay) => Math.min(underWay, room) / 100,
  latency: (underWay) => 100 * Math.max(1, underWay / room),
});

describe('the window', () => {
  it('begins with two steps, and admits what is left of it', () => {
    const window = openWindow({ step: STEP, most: MOST });
    window.enter(150);
    expect(window.admits(50)).toBe(true);
    expect(window.admits(51)).toBe(false);
  });

  it('admits one request of any size when nothing is under way', () => {
    expect(openWindow({ step: STEP, most: MOST }).admits(10 * MOST)).toBe(true);
  });

  it('grows as long as that makes the load faster, and stays near there', () => {
    const limits = drive(600, withRoomFor(500)).slice(200);
    expect(Math.min(...limits)).toBeGreaterThanOrEqual(400);
    expect(Math.max(...limits)).toBeLessThanOrEqual(600);
  });

  it('never grows beyond its most', () => {
    expect(Math.max(...drive(600, withRoomFor(10_000)))).toBe(MOST);
  });

  it('does not grow where more brings nothing', () => {
    const limits = drive(300, { rate: () => 1, latency: (underWay) => underWay });
    expect(Math.max(...limits)).toBeLessThanOrEqual(300);
  });

  it('is halved when the server asks for less, though never below one step', () => {
    const limits: number[] = [];
    drive(200, withRoomFor(10_000), (answer, window) => {
      if (answer < 100) return;
      window.shrink();
      limits.push(window.limit());
    });
    expect(limits[0]).toBe(MOST / 2);
    expect(limits.at(-1)).toBe(STEP);
  });

  it('is halved when answers become much later than they were', () => {
    const limits = drive(100, {
      rate: (underWay) => underWay / 100,
      latency: (underWay) => (underWay >= MOST ? 100_000 : underWay),
    });
    expect(limits).toContain(MOST);
    expect(limits.slice(limits.indexOf(MOST)).some((limit) => limit === MOST / 2)).toBe(true);
  });
});

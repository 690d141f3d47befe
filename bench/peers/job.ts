/** What the programs that stand for a peer's documentation share. */
export interface PeerEvent {
  readonly auditID: string;
  readonly stage: string;
}

export function eventId({ auditID, stage }: PeerEvent): string {
  return `${auditID}-${stage}`;
}

export function required(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set.`);
  return value;
}

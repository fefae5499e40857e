/**
 * What goes wrong between nodes and their database:
 * - `cut`: a connection is cut before the server hears of a statement, or of the client;
 * - `half`: it is cut in the middle of an answer;
 * - `unheard`: it is cut with a COMMIT that the server never hears of;
 * - `unanswered`: the server commits, and its answer is lost;
 * - `racing`: it is cut while the server commits;
 * - `serialization`, `deadlock`: a statement is refused with 40001 or 40P01, for no reason;
 * - `rival`: somebody else locks some of the same rows for a moment, in any order: there are deadlocks in earnest;
 * - `terminated`: an administrator ends connections (57P01);
 * - `still`: nothing goes through for a moment;
 * - `restart`: the server is restarted;
 * - `crash`: it ends as by a power cut, half of the time after a moment in which nothing went through, and recovers.
 */
export const LEDGER_FAULTS = [
  'cut',
  'half',
  'unheard',
  'unanswered',
  'racing',
  'serialization',
  'deadlock',
  'rival',
  'terminated',
  'still',
  'restart',
  'crash',
] as const
export type LedgerFault = (typeof LEDGER_FAULTS)[number]

/* What the measured KL(q(z) ‖ p(z)) says of the samples from the prior. */
import {withError} from '../../ui/lib/format.js';

/** A sentence where it is large, by more than two standard errors, and known; else nothing.
    @param {import('../../ui/lib/payloads.d.ts').Information | null} split @param {import('../../ui/lib/payloads.d.ts').Mismatch} limits */
export function mismatchOf(split, {above, known, so}) {
  if (!split || !(split.mismatch - 2 * split.mismatch_se > above) || !(split.most - split.information > known)) return '';
  return `All codes together do not match the prior: KL(q(z) ‖ p(z)) is ${withError(split.mismatch, split.mismatch_se)} nats, so ${so}.`;
}

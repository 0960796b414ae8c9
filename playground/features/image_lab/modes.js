/* What each mode of the image lab asks, which controls it needs, and the rows that it makes of the answers. */
import {fixed} from '../../ui/lib/format.js';
const SCALES = [0, 1, 2, 4, 8];
export const MODES = {
  edit: {
    needs: ['picker', 't', 'label', 'scale', 'steps', 'seed'],
    ask: (ask, s) => ask('edit', {index: s.index, t: s.t, n: 10, seed: s.seed, steps: s.steps, ...s.condition}),
    rows: (a, s) => [
      {title: 'the image', note: 'held-out', tiles: [[a.original], [a.noisy, `t = ${fixed(s.t)}`]]},
      {title: `from t = ${fixed(s.t)} back to data`, note: 'each with other noise', tiles: each(a.images)},
    ],
  },
  inpaint: {
    needs: ['picker', 'paint', 'label', 'scale', 'steps', 'seed'],
    refuse: s => (s.masked ? '' : 'Draw over a part of the image first: that part will be inpainted.'),
    ask: (ask, s) => ask('inpaint', {index: s.index, mask: s.mask(), n: 6, seed: s.seed, steps: Math.min(s.steps, 50), resample: 3, ...s.condition}),
    rows: a => [{title: 'the image', note: 'and what is left of it', tiles: [[a.original], [a.masked]]}, {title: 'inpainted', note: 'each with other noise', tiles: each(a.images)}],
  },
  invert: {
    needs: ['picker', 'label', 'steps'],
    ask: (ask, s) => ask('invert', {index: s.index, steps: s.steps, ...s.labelOnly}),
    rows: (a, s) => [
      {title: 'up to its noise', note: `${s.steps} steps`, tiles: each(a.path, Array.from(a.times.data, t => `t = ${fixed(t)}`))},
      {title: 'and down again', note: `nearly the same: squared error ${a.mse.toExponential(1).replace('-', '−')} per pixel`, tiles: [[a.original, 'image'], [a.noise, 'its noise'], [a.regenerated, 'made of it']]},
      {text: noiseOf(a, s)},
    ],
  },
  interpolate: {
    needs: ['label', 'scale', 'steps', 'seed'],
    ask: async (ask, s) => {
      const from = {a: 2 * s.seed, b: 2 * s.seed + 1, n: 11, steps: s.steps, ...s.condition};
      const arc = await ask('interpolate_noise', {...from, mode: 'spherical'});
      return arc.error ? arc : {...arc, straight: await ask('interpolate_noise', {...from, mode: 'linear'})};
    },
    rows: a => [{title: 'on an arc', note: 'keeps the length of noise', tiles: each(a.images)}, ...(a.straight.error ? [] : [{title: 'straight', note: 'shorter in the middle', tiles: each(a.straight.images)}])],
  },
  guidance: {
    needs: ['label', 'steps', 'seed'],
    refuse: s => (!s.conditional ? 'This model was not told any classes: set “Class-conditional” to yes in the settings, and train again.' : s.label < 0 ? 'Choose a class first.' : ''),
    ask: async (ask, s) => {
      const found = [];
      for (const scale of SCALES) {                           // from pure noise, the same for every scale
        const answer = await ask('edit', {index: s.index, t: 1, n: 10, seed: s.seed, steps: s.steps, label: s.label, guidance_scale: scale});
        if (answer.error) return answer;
        found.push(answer);
      }
      return {found, step: found[0].step};
    },
    rows: a => a.found.map((answer, k) => ({title: `scale ${SCALES[k]}`, note: ['class ignored', 'the model’s own', '', '', ''][k], tiles: each(answer.images)})),
  },
};

/* The image's noise, and beside it that of images of which the model thinks well: its own. */
function noiseOf(a, s) {
  const own = Array.from(a.own_std.data), mean = own.reduce((sum, v) => sum + v, 0) / own.length, spread = Math.sqrt(own.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (own.length - 1));
  return [`Its noise has mean ${fixed(a.noise_mean)} and standard deviation ${fixed(a.noise_std)}, in units of the noise that sampling starts from.`,
    `Typical is what the model’s own samples have, inverted in the same way: ${fixed(mean)} ± ${fixed(spread)} (mean ± standard deviation of ${own.length}). Not 1, as one would think: images at t = 0 hold none of the noise that the model is used to near there, and the steps add their error.`,
    `Solved by Heun’s method in ${s.steps} steps that are even in log-SNR, without keeping x̂₀ within the range of the data, which is done when samples are drawn.`].join(' ');
}

/* Every image of an answer as [images, caption, number]. */
function each(images, captions = []) { return Array.from({length: images.shape[0]}, (_, i) => [images, captions[i] || '', i]); }

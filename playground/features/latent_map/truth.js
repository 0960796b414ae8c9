/* The true posterior of the pinned image, under the encoder's ellipse (topic `truth`, told by the card "The bound at one
   image"). Two dimensions, shown by a linear projection. While the model learns on, the curves of the last answer stay with the dot. */
import {current} from '../../ui/lib/bus.js';
import {paintTruth, truthCurves} from '../../ui/lib/contours.js';
import {roleColour} from '../../ui/lib/theme.js';
import {placeFor} from './latents.js';

export function drawTruth(context, map, places) {
  const truth = current(map.topic('truth')), {basis, screen} = map;
  if (!truth || truth.run !== map.run || !map.pins.includes(truth.index) || map.deep || !basis || truth.field.shape.length !== 2) return;
  const place = z => places.toScreen(placeFor(z, basis)), i = truth.index, [x, y] = place(truth.q_mean.data);
  const by = screen.x[i] === screen.x[i] ? [screen.x[i] - x, screen.y[i] - y] : [0, 0];
  const curves = truthCurves(truth, z => { const at = place(z); return [at[0] + by[0], at[1] + by[1]]; });
  paintTruth(context, curves, {truth: roleColour('evidence'), q: roleColour('posterior')});
}

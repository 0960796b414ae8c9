/* This piece: the true posterior of the pinned image, under the encoder's ellipse (topic `truth`, told by truth.js). Two
   dimensions, shown by a linear projection. While the model learns on, the curves of the last answer stay with the dot. */
function drawTruth(context) {
  const truth = as.told(topic('truth'));
  if (!truth || truth.run !== run || !pins.includes(truth.index) || deep() || !linear() || truth.field.shape.length !== 2) return;
  const joined = basis(), place = z => toScreen(placeFor(z, joined)), i = truth.index, [x, y] = place(truth.q_mean.data);
  const by = screen.x[i] === screen.x[i] ? [screen.x[i] - x, screen.y[i] - y] : [0, 0];
  const curves = truthCurves(truth, z => { const at = place(z); return [at[0] + by[0], at[1] + by[1]]; });
  paintTruth(context, curves, {truth: pg.roleColour('evidence'), q: pg.roleColour('posterior')});
}

/* Contour lines of a field on a grid, by marching squares. `field`: rows x columns numbers, row by row, first row lowest;
   the result is a list of segments [[x0, y0], [x1, y1]] in the coordinates of `extent` [x0, x1, y0, y1]. */
export function contourSegments(field, rows, columns, extent, level) {
  const [x0, x1, y0, y1] = extent, segments = [], at = (r, c) => field[r * columns + c];
  const px = c => x0 + c / (columns - 1) * (x1 - x0), py = r => y0 + r / (rows - 1) * (y1 - y0);
  for (let r = 0; r + 1 < rows; r++) for (let c = 0; c + 1 < columns; c++) {
    const corners = [[r, c], [r, c + 1], [r + 1, c + 1], [r + 1, c]], crossings = [];
    for (let k = 0; k < 4; k++) {
      const [ra, ca] = corners[k], [rb, cb] = corners[(k + 1) % 4], a = at(ra, ca) - level, b = at(rb, cb) - level;
      if ((a > 0) === (b > 0)) continue;
      const share = isFinite(a) && isFinite(b) ? a / (a - b) : 0.5;
      crossings.push([px(ca + share * (cb - ca)), py(ra + share * (rb - ra))]);
    }
    for (let k = 0; k + 1 < crossings.length; k += 2) segments.push([crossings[k], crossings[k + 1]]);
  }
  return segments;
}

/* What a truth (the question `exact`) draws: contours of p(z|x), and the ellipses of q(z|x) and of the best Gaussian at 1, 2
   and 3 standard deviations, which hold as much. `place` maps a z to pixels; a closed curve is a list of pixels. */
export function truthCurves(truth, place, radii = [1, 2, 3]) {
  const {shape, data} = truth.field;
  if (shape.length !== 2) return null;
  const contours = radii.map(r => contourSegments(data, shape[0], shape[1], truth.extent.data, truth.levels.data[r - 1]).map(pair => pair.map(place)));
  const ellipse = (mean, std, r) => Array.from({length: 49}, (_, k) => {
    const angle = k / 48 * 2 * Math.PI;
    return place([mean[0] + r * std[0] * Math.cos(angle), mean[1] + r * std[1] * Math.sin(angle)]);
  });
  return {
    contours, q: radii.map(r => ellipse(truth.q_mean.data, truth.q_std.data, r)),
    best: radii.map(r => ellipse(truth.best_mean.data, truth.best_std.data, r)),
  };
}

/* Draws them on a canvas context: truth solid, encoder solid, best Gaussian dashed. */
export function paintTruth(context, curves, colours, widths = [2, 1.6, 1.6]) {
  const path = points => points.forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)));
  const fade = k => 1 - 0.25 * k;
  const layers = [['contours', colours.truth, [], widths[0]], ['best', colours.q, [4, 3], widths[2]], ['q', colours.q, [], widths[1]]];
  for (const [name, colour, dash, width] of layers) {
    curves[name].forEach((curve, k) => {
      context.strokeStyle = colour;
      context.globalAlpha = fade(k);
      context.lineWidth = width;
      context.setLineDash(dash);
      context.beginPath();
      if (name === 'contours') curve.forEach(pair => path(pair)); else path(curve);
      context.stroke();
    });
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
}

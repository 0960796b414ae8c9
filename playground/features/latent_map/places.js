/* Where a place of the map stands on the screen, and back: by the axes of the plane, or by the camera of the space. */
import {context2d} from '../../ui/lib/canvas.js';

/** @param {import('./state.js').MapState} map */
export function makePlaces(map, axes, space) {
  const frame = () => (map.deep ? space : axes);

  return {
    /** Brings the axes or the box up to date with a payload. @param {import('../../ui/lib/payloads.d.ts').LatentMap} payload */
    take(payload) {
      if (!map.deep) { axes.draw(payload); return; }
      axes.hide();
      space.take(payload);
    },
    /* A place [x(, y(, z))] -> pixels [x, y]. */
    toScreen: place => frame().toScreen(place),
    /* Pixels -> the place under them; in space, on the plane through `anchor` that faces the viewer. */
    toPlace: (x, y, anchor) => frame().toPlace(x, y, anchor),
    /* Pixels for one unit, across and up. */
    scale: () => frame().scale(),
    /* All dots as pixels, once a drawing; NaN where a point is missing. */
    project(from, into) {
      const n = from.x.length;
      if (into.x.length !== n) Object.assign(into, {x: new Float32Array(n), y: new Float32Array(n), depth: null});
      frame().project(from, into);
      return into;
    },
    /* The part of the card that dots may cover. */
    box: () => frame().box(),
    /* An empty layer, to be drawn on there; `restore()` it. */
    clipped(layer) {
      const context = context2d(layer, map.width, map.height), {left, top, width, height} = frame().box();
      context.clearRect(0, 0, map.width, map.height);
      context.save();
      context.beginPath();
      context.rect(left, top, width, height);
      context.clip();
      return context;
    },
  };
}

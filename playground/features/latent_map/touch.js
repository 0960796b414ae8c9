/* Touching the map by pointer, wheel and keys: hovering shows a dot, a click pins it, dragging moves, turns or decodes. */
const ARROWS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
const clamp = (v, low, size) => Math.max(low, Math.min(low + size, v));
const into = (box, {x, y}) => ({x: clamp(x, box.left, box.width), y: clamp(y, box.top, box.height)});
const within = (box, {x, y}) => x >= box.left && x <= box.left + box.width && y >= box.top && y <= box.top + box.height;

/* How near to a dot a press is one on it, in pixels. */
const reach = event => (event.pointerType === 'touch' ? 22 : 12);

/* Where in the map an event happened, in CSS pixels. */
function spot(body, event) {
  const box = body.getBoundingClientRect();
  return {x: event.clientX - box.left, y: event.clientY - box.top};
}

function hovering(map) {
  const {body} = map;
  body.addEventListener('pointermove', event => {
    if (event.pointerType === 'touch' && !map.pressed) return;
    map.pointer = spot(body, event);
    if (!map.pressed) map.draw.overSoon();
  });
  ['pointerleave', 'blur'].forEach(name => body.addEventListener(name, () => { map.pointer = null; map.draw.overSoon(); }));
}

function dragging(map, {places, space, probe, hover, pins}) {
  const {body} = map;

  /* Before Plotly sees it: a drag that decodes, or that turns the space, is ours. On a dot it first waits whether it is a click, which pins. */
  body.addEventListener('pointerdown', event => {
    if (!map.ready) return;
    const at = spot(body, event), decode = map.decodes !== event.shiftKey && event.button === 0 && within(places.box(), at);
    const on = hover.nearest(at, reach(event)) >= 0;
    map.pressed = {at, last: at, moved: false, on, what: decode ? 'decode' : map.deep ? 'turn' : 'plotly', button: event.button};
    body.focus({preventScroll: true});
    if (map.pressed.what !== 'plotly') { event.stopPropagation(); event.preventDefault(); }
    if (decode && !on) probe.decodeAt(at.x, at.y);
  }, true);
  body.addEventListener('mousedown', event => { if (map.pressed && map.pressed.what !== 'plotly') event.stopPropagation(); }, true);
  body.addEventListener('touchstart', event => { if (map.decodes || map.deep) event.stopPropagation(); }, {capture: true, passive: true});

  function dragged(event) {
    const {pressed} = map;
    if (!map.element.isConnected) { removeEventListener('pointermove', dragged); removeEventListener('pointerup', released); return; }
    if (!pressed) return;
    const at = spot(body, event);
    if (Math.hypot(at.x - pressed.at.x, at.y - pressed.at.y) > 4) pressed.moved = true;
    if (pressed.what === 'decode' && (pressed.moved || !pressed.on)) {
      const {x, y} = into(places.box(), at);
      probe.decodeAt(x, y);
    } else if (pressed.what === 'turn' && pressed.moved) {
      space.turnBy(at.x - pressed.last.x, at.y - pressed.last.y, pressed.button !== 0);
      map.draw.allSoon();
    }
    pressed.last = at;
  }
  function released(event) {
    const was = map.pressed;
    map.pressed = null;
    if (!was || was.moved || was.button !== 0 || event.type === 'pointercancel') return;
    const i = hover.nearest(was.at, reach(event));
    if (i >= 0 && within(places.box(), was.at)) pins.toggle(i);
  }
  addEventListener('pointermove', dragged);
  addEventListener('pointerup', released);
  addEventListener('pointercancel', released);
  body.addEventListener('contextmenu', event => { if (map.deep) event.preventDefault(); });
}

/* The wheel scrolls the page. It zooms the map with Ctrl (which is what a pinch on a touchpad sends), or once the map was
   clicked, until the pointer leaves it. Returns the way to say that it was left. */
function wheel(map, space) {
  const {body} = map, hint = map.find('.map-hint');
  let entered = false, timer = 0;
  body.addEventListener('pointerdown', () => { entered = true; hint.hidden = true; }, true);
  body.addEventListener('pointerleave', event => {
    const at = spot(body, event);                           // Plotly covers the window while a button is down: that is no leaving
    if (at.x <= 0 || at.y <= 0 || at.x >= map.width || at.y >= map.height) entered = false;
    hint.hidden = true;
  });
  body.addEventListener('wheel', event => {
    if (!map.points || entered || event.ctrlKey || event.metaKey) return;
    event.stopImmediatePropagation();                        // before Plotly or the space sees it; the page scrolls on
    hint.hidden = false;
    clearTimeout(timer);
    timer = setTimeout(() => { hint.hidden = true; }, 1500);
  }, {capture: true, passive: true});
  body.addEventListener('wheel', event => {
    if (!map.deep) return;
    event.preventDefault();
    space.zoomBy(event.deltaY);
    map.draw.allSoon();
  }, {passive: false});
  body.addEventListener('dblclick', () => { if (map.deep) map.back(); });
  return () => { entered = false; };
}

/* Arrows move a pointer, which shows the dot under it, and between dots decodes; Enter pins, Escape clears. */
function keys(map, {places, probe, hover, pins}, leave) {
  const {body} = map;
  body.tabIndex = 0;
  body.setAttribute('role', 'group');
  body.setAttribute('aria-label', `${map.props.title}: arrow keys move a pointer, Enter pins the dot under it, Escape clears`);
  body.addEventListener('keydown', event => {
    if (!map.ready) return;
    const by = ARROWS[event.key];
    if (by) {
      const box = places.box(), far = event.shiftKey ? 24 : 6, from = map.pointer || {x: box.left + box.width / 2, y: box.top + box.height / 2};
      map.pointer = into(box, {x: from.x + by[0] * far, y: from.y + by[1] * far});
      if (map.on.decode || (map.decodes && hover.nearest(map.pointer) < 0)) probe.decodeAt(map.pointer.x, map.pointer.y); else probe.drop();
    } else if (event.key === 'Enter' && hover.index >= 0) pins.toggle(hover.index);
    else return;
    event.preventDefault();
  });
  document.addEventListener('keydown', function escape(event) {
    if (!map.element.isConnected) { document.removeEventListener('keydown', escape); return; }
    if (event.key !== 'Escape') return;
    leave();
    if ((map.pins.length || map.probe) && map.element.offsetParent !== null) { pins.set([]); probe.drop(); }
  });
}

/* `parts`: {places, space, probe, hover, pins}. */
/** @param {import('./state.js').MapState} map */
export function touch(map, parts) {
  hovering(map);
  dragging(map, parts);
  keys(map, parts, wheel(map, parts.space));
}

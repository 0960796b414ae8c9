/* Play, pause and step through something that lies along a way from 0 to 1. */

/** `show(at)` draws the place `at`; `paint(playing)` hears when playing begins and ends. The place is kept. Options: `seconds` for the
   whole way, `at` the first place, `fps` at most so many pictures a second, `alive()` false ends the playing, `steps()` the number of
   steps of the way; `clock` and `next` stand for the browser's own in tests.
   @param {{show: (at: number) => void, paint?: (playing: boolean) => void, seconds: number, at?: number, fps?: number, alive?: () => boolean,
            steps?: () => number, clock?: () => number, next?: (callback: (now: number) => void) => void}} options */
export function player({show, paint = () => {}, seconds, at = 1, fps = 60, alive = () => true, steps = () => 1,
                        clock = () => performance.now(), next = callback => requestAnimationFrame(callback)}) {
  const inside = place => Math.max(0, Math.min(1, place));
  let where = at, turn = 0, playing = false;                       // a tick of an earlier turn does nothing

  function pause() {
    if (!playing) return;
    playing = false;
    turn += 1;
    paint(false);
  }

  function go(place) { where = inside(place); show(where); }

  /* From where it stands; from the beginning where it stands at the end. */
  function play() {
    if (playing) return;
    playing = true;
    if (where >= 1) where = 0;
    const mine = turn += 1, began = clock() - where * seconds * 1000;
    let last = -Infinity;
    const tick = now => {
      if (turn !== mine) return;
      if (!alive()) { pause(); return; }
      if (now - last >= 1000 / fps - 2) {
        last = now;
        go((now - began) / 1000 / seconds);
        if (where >= 1) { pause(); return; }
      }
      next(tick);
    };
    paint(true);
    next(tick);
  }

  /* `by` steps on from the nearest one. */
  function step(by) {
    pause();
    go((Math.round(where * steps()) + by) / Math.max(1, steps()));
  }

  return {play, pause, step, toggle: () => (playing ? pause() : play()), to: place => { pause(); go(place); }, set: place => { where = inside(place); },
          at: () => where, playing: () => playing};
}

/* What a button says that plays and pauses. */
export const playText = (playing, play = 'Play', pause = 'Pause') => (playing ? `‖ ${pause}` : `▶ ${play}`);

/* The open tab stands in the page's address (?tab=vae), so that a reload or a link opens it again. */
window.playgroundPage = {
  names: ['ae', 'vae', 'diffusion'],
  /* The Tabs component's new value when the page opens. */
  opened() {
    const tab = new URL(location.href).searchParams.get('tab');
    return {selected: this.names.includes(tab) ? tab : this.names[0], __type__: 'update'};
  },
  /* A tab was picked: after Gradio has marked it, write it down. */
  remember() {
    setTimeout(() => {
      const buttons = [...document.querySelectorAll('#tabs [role="tab"]')];
      const index = buttons.findIndex(button => button.getAttribute('aria-selected') === 'true');
      if (index < 0) return;
      const url = new URL(location.href);
      url.searchParams.set('tab', this.names[index]);
      history.replaceState(history.state, '', url);
    }, 50);
  },
};

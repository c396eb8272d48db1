// Leaves `axe passed: <rules> at <width> px` and a line for each element that breaks one, where a program can read them.
axe.run(document).then(({ passes, violations }) => {
  const lines = violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `axe violation ${id}: ${help}: ${html}`));
  const found = top.document.createElement('pre');
  found.textContent = ['', `axe passed: ${passes.length} at ${innerWidth} px`, ...lines.map((line) => line.replaceAll('\n', ' ')), ''].join('\n');
  top.document.body.append(found);
});

import { connect, example } from './policy.js';

const at = (id) => document.getElementById(id);
let policy;

at('connect').addEventListener('submit', async (event) => {
  event.preventDefault();
  policy?.close();
  say('connecting …');
  try {
    policy = await connect(at('url').value.trim(), at('token').value);
  } catch (error) {
    return say(error.message, true);
  }
  const { name, version, observationSpace, minSteps, maxSteps } = policy.description;
  say(`${name}, trained for ${version} steps; it ponders ${minSteps} to ${maxSteps} times`);
  policy.onClose = (reason) => say(reason, true);
  at('obs').value = JSON.stringify(example(observationSpace));
  at('ask').hidden = false;
  at('obs').focus();
});

at('ask').addEventListener('submit', async (event) => {
  event.preventDefault();
  at('problem').textContent = '';
  try {
    const limits = [at('maxSteps'), at('deadlineMs')]
      .filter((input) => input.value !== '')
      .map((input) => [input.id, input.valueAsNumber]);
    const drawn = at('draw').checked ? { deterministic: false } : {};
    const options = { ...Object.fromEntries(limits), ...drawn };
    show(await policy.act(JSON.parse(at('obs').value), options));
  } catch (error) {
    at('problem').textContent = error.message;
  }
});

at('obs').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) at('ask').requestSubmit();
});

function say(text, bad = false) {
  at('status').textContent = text;
  at('status').classList.toggle('bad', bad);
  if (bad) at('ask').hidden = true;
}

function show({ action, ponderSteps, cut, policyVersion, thought }) {
  at('answer').hidden = false;
  at('action').textContent = JSON.stringify(action);
  const ended = cut ? ', cut by a limit' : '';
  at('summary').textContent =
    `after ${ponderSteps} ponder steps${ended}; policy of ${policyVersion} steps`;
  // Means of a Box have any sign; what lies in 0..1 throughout is shown as probabilities.
  const shares = policy.description.actionSpace.type !== 'box';
  const rows = thought.halts.map((halt, i) => {
    const actions = thought.actions[i].map((x) => (shares ? meter(x) : text(x.toFixed(3))));
    return row([text(i + 1), meter(halt), text(thought.values[i].toFixed(3)), actions]);
  });
  at('steps').replaceChildren(...rows);
}

function row(cells) {
  const tr = document.createElement('tr');
  for (const cell of cells) tr.insertCell().append(...[cell].flat());
  return tr;
}

function text(value) {
  return document.createTextNode(`${value} `);
}

function meter(share) {
  const element = document.createElement('meter');
  element.value = share;
  const label = document.createElement('span');
  label.textContent = ` ${share.toFixed(2)} `;
  label.style.whiteSpace = 'nowrap';
  label.prepend(element);
  return label;
}

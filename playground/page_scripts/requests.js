// Watches the requests of SimCord's page: its own scripts pass no answer on to ours.
const listeners = [];
const refusals = [];
const send = window.fetch;
let headers = {};

window.fetch = async (resource, options = {}) => {
  const answer = await send(resource, options);
  if (String(resource).startsWith("/api/")) {
    headers = options.headers ?? headers;
    for (const { path, listener } of answer.ok ? listeners : []) {
      if (resource === path) answer.clone().json().then(listener);
    }
    if (answer.status === 401) refusals.forEach((listener) => listener());
  }
  return answer;
};

/** Call a listener with each answer (JSON) to requests of a path. */
export function onAnswer(path, listener) { listeners.push({ path, listener }); }

/** Call a listener when the page's key is refused. */
export function onRefusal(listener) { refusals.push(listener); }

/** Send a request of our own as the viewer of this page. */
export function ask(path, body) {
  const { "X-Simcord-Capability": capability, "X-Simcord-Context": context } = headers;
  return send(path, {
    method: body ? "POST" : "GET",
    headers: { "X-Simcord-Capability": capability, "X-Simcord-Context": context },
    body: body && JSON.stringify(body),
  });
}

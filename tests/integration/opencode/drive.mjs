// Drives a device with the real SDK of opencode and prints what it saw as JSON: node drive.mjs SDK_FOLDER URL PASSWORD
import { pathToFileURL } from "node:url";

const [folder, baseUrl, password] = process.argv.slice(2);
const sdk = async (name) => import(pathToFileURL(`${folder}/dist/${name}`).href);
const { createOpencodeClient } = await sdk("client.js");
const { createOpencodeClient: createSecond } = await sdk("v2/client.js");

const headers = { Authorization: `Basic ${Buffer.from(`opencode:${password}`).toString("base64")}` };
const client = createOpencodeClient({ baseUrl, headers, throwOnError: true });
const second = createSecond({ baseUrl, headers, throwOnError: true });

async function follow(stream, answer) {
  const seen = { kinds: [], text: "", asked: 0 };
  for await (const event of stream) {
    seen.kinds.push(event.type);
    if (event.type === "message.part.delta") seen.text += event.properties.delta;
    if (event.type === "permission.asked") {
      seen.asked += 1;
      await answer(event.properties);
    }
    if (event.type === "session.idle") return seen;
  }
  throw new Error("the stream ended before the session was idle");
}

const health = (await second.global.health()).data;
const session = (await client.session.create({ body: { title: "from the sdk" } })).data;
const path = { id: session.id };

const subscribed = await client.event.subscribe();
const first = await subscribed.stream.next();
const following = follow(subscribed.stream, (asked) =>
  second.permission.reply({ requestID: asked.id, reply: "once" }),
);
await client.session.promptAsync({
  path,
  body: { parts: [{ type: "text", text: "say one \nask execute ls\nsay  two" }] },
});
const streamed = await following;

const prompted = (
  await client.session.prompt({ path, body: { parts: [{ type: "text", text: "say three" }] } })
).data;
let aborted = false;
const again = await client.event.subscribe();
await again.stream.next();
const waiting = client.session.prompt({ path, body: { parts: [{ type: "text", text: "say four\nwait" }] } });
for await (const event of again.stream) {
  if (event.type === "message.part.delta" && event.properties.delta === "four") {
    aborted = (await client.session.abort({ path })).data;
  }
  if (event.type === "session.idle") break;
}
const stopped = (await waiting).data;

const result = {
  health,
  first: first.value.type,
  streamed,
  prompted: prompted.parts.map((part) => part.text),
  aborted,
  stopped: stopped.info.error?.name,
  messages: (await client.session.messages({ path })).data.map((message) => message.info.role),
  listed: (await client.session.list()).data.map((one) => one.title),
  status: (await client.session.status()).data,
  files: (await client.file.list({ query: { path: "." } })).data.map((node) => node.name),
  found: (await client.find.files({ query: { query: "READ" } })).data,
  content: (await client.file.read({ query: { path: "README.md" } })).data.content,
  providers: (await client.config.providers()).data.providers.length,
  refused: await client.session.get({ path: { id: "ses_nosuch" } }).then(
    () => "answered",
    (error) => error.name ?? String(error),
  ),
};
process.stdout.write(JSON.stringify(result));
process.exit(0);

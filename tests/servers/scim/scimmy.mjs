// A SCIM server of scimmy-routers on express, its people in memory. Loopback only.
// What goes wrong is set by POST /weather: { refuse: [userName], seats: number | null, reset: true }.
// Arguments: the folder with node_modules, the token, and as JSON: { patch, bulk, etag } of what it offers.
import { createRequire } from "node:module";
import { randomUUID } from "node:crypto";

const [home, token, offered] = process.argv.slice(2);
const require = createRequire(`${home}/package.json`);
const express = require("express");
const SCIMMY = require("scimmy").default ?? require("scimmy");
const Routers = require("scimmy-routers").default ?? require("scimmy-routers");

const { patch = true, bulk = true } = JSON.parse(offered ?? "{}");
const held = { User: new Map(), Group: new Map() };
let weather = { refuse: [], seats: null };

const lower = (text) => String(text ?? "").toLowerCase();
const active = (user) => user.active !== false;

function judge(id, data) {
    if (weather.refuse.includes(lower(data.userName)))
        throw new SCIMMY.Types.Error(400, "invalidValue", "The domain of this address is not allowed");
    const others = [...held.User.values()].filter((one) => one.id !== id);
    if (others.some((one) => lower(one.userName) === lower(data.userName)))
        throw new SCIMMY.Types.Error(409, "uniqueness", "userName is taken");
    const was = held.User.get(id);
    const seats = weather.seats;
    if (seats !== null && active(data) && !(was && active(was)) && others.filter(active).length >= seats)
        throw new SCIMMY.Types.Error(403, null, `User limit reached (${seats} max)`);
}

function handlers(kind) {
    const people = held[kind];
    return {
        egress: (resource) => {
            if (resource.id) {
                if (!people.has(resource.id)) throw new Error("not found");
                return people.get(resource.id);
            }
            const all = [...people.values()];
            return resource.filter ? resource.filter.match(all) : all;
        },
        ingress: (resource, data) => {
            const id = resource.id ?? randomUUID();
            if (resource.id && !people.has(id)) throw new Error("not found");
            const plain = JSON.parse(JSON.stringify(data));
            if (kind === "User") judge(id, plain);
            const now = new Date().toISOString();
            const created = people.get(id)?.meta?.created ?? now;
            people.set(id, { ...plain, id, meta: { created, lastModified: now } });
            return people.get(id);
        },
        degress: (resource) => {
            if (!people.delete(resource.id)) throw new Error("not found");
        },
    };
}

SCIMMY.Resources.declare(SCIMMY.Resources.User, handlers("User")).declare(
    SCIMMY.Resources.Group,
    handlers("Group"),
);
SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser, false);
SCIMMY.Config.set({ patch, filter: true, bulk: bulk && { maxOperations: 50 } });

const app = express();
app.post("/weather", express.json(), (request, response) => {
    if (request.body.reset) {
        weather = { refuse: [], seats: null };
        held.User.clear();
        held.Group.clear();
    }
    weather = { ...weather, ...request.body };
    response.status(204).end();
});
app.use(
    "/scim/v2",
    new Routers({
        type: "bearer",
        handler: (request) => {
            if (request.header("Authorization") !== `Bearer ${token}`) throw new Error("a valid token is needed");
            return "syncd";
        },
    }),
);
const server = app.listen(0, "127.0.0.1", () => console.log(`listening on ${server.address().port}`));

// Loaded before an emulator: whatever it listens on is reachable from this machine only. The emulator itself has no
// such setting.
const { Server } = require("node:net");

const listen = Server.prototype.listen;
Server.prototype.listen = function (...args) {
  const [first] = args;
  if (typeof first === "number") {
    const callback = args.find((arg) => typeof arg === "function");
    return listen.call(this, { port: first, host: "127.0.0.1" }, callback);
  }
  if (first !== null && typeof first === "object" && "port" in first) {
    return listen.call(this, { ...first, host: "127.0.0.1" }, ...args.slice(1));
  }
  return listen.apply(this, args);
};

/* Generated from protocol/schema/events.json by "npm run types". */

export type Events = Event;
export type Event =
  | Ack
  | GatewayHello
  | GatewayHealth
  | SessionStarted
  | SessionEnded
  | SessionError
  | SessionSnapshot
  | SshKeys
  | FileContentBegin
  | FileContentChunk
  | FileContentEnd
  | AgentInstalled
  | AgentsStatus
  | WorkspaceFolders
  | GatewayUpdated
  | GatewayUpdateFailed
  | GatewayProof
  | GatewayPolicy
  | SessionChanged
  | KeyRotated;

/**
 * A command is done (``ok``) or refused, with a sentence that says why.
 */
export interface Ack {
  schema_version: "1";
  type: "ack";
  request_id: string;
  ok: boolean;
  error?: string;
}
/**
 * The first message of every connection of a device that the hub knows.
 */
export interface GatewayHello {
  schema_version: "1";
  type: "gateway.hello";
  gateway_id: string;
  version: string;
  hostname: string;
  bootstrap_token?: string;
  system_info: SystemInfo;
  /**
   * What more it speaks.
   *
   * @maxItems 64
   */
  features?: string[];
  model?: string;
  /**
   * Missing: the device has no policy and takes everything.
   *
   * @maxItems 7
   */
  allows?:
    | []
    | ["health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update"]
    | [
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update"
      ]
    | [
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update"
      ]
    | [
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update"
      ]
    | [
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update"
      ]
    | [
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update"
      ]
    | [
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update"
      ];
  rollback?: Rollback;
}
/**
 * The machine: what does not change while the daemon runs.
 */
export interface SystemInfo {
  os: string;
  arch: string;
  cpus: number;
  ram_total_bytes: number;
  disk_total_bytes: number;
}
/**
 * An update that was taken back: the version that did not stay, and why.
 */
export interface Rollback {
  version: string;
  reason: string;
  at: string;
}
/**
 * How the device is: the second message of every connection, then every 30 seconds.
 */
export interface GatewayHealth {
  schema_version: "1";
  type: "gateway.health";
  gateway_id: string;
  timestamp: string;
  cpu_percent: number;
  ram_used_bytes: number;
  ram_total_bytes: number;
  disk_used_bytes: number;
  disk_total_bytes: number;
  uptime_seconds: number;
  /**
   * @maxItems 10000
   */
  active_sessions: ActiveSession[];
  temperature_celsius?: number;
  /**
   * Whether heat or weak power slows the machine down now.
   */
  throttled?: boolean;
  /**
   * Whether the account that agents work in cannot be reached, so that none can start.
   */
  agents_away?: boolean;
}
/**
 * A live session, and when something last happened in it.
 */
export interface ActiveSession {
  session_id: string;
  last_activity_at: string;
  name?: string;
  agent?: string;
  status?: "starting" | "working" | "waiting" | "idle" | "ended" | "failed";
  title?: string;
  workdir?: string;
}
/**
 * A session runs.
 */
export interface SessionStarted {
  schema_version: "1";
  type: "session.started";
  request_id: string;
  session_id: string;
  pid?: number;
}
/**
 * A session is over; ``exit_code`` where it is known.
 */
export interface SessionEnded {
  schema_version: "1";
  type: "session.ended";
  session_id: string;
  exit_code?: number;
}
/**
 * Something went wrong in a session that nobody asked about.
 */
export interface SessionError {
  schema_version: "1";
  type: "session.error";
  session_id: string;
  error: string;
}
/**
 * A screen: text with SGR escapes, lines separated by CR LF. Without ``request_id`` it came unasked.
 */
export interface SessionSnapshot {
  schema_version: "1";
  type: "session.snapshot";
  request_id?: string;
  session_id: string;
  content: string;
  cols?: number;
  rows?: number;
  /**
   * Counts from 0.
   */
  cursor_x?: number;
  /**
   * Counts from 0.
   */
  cursor_y?: number;
  cursor_visible?: boolean;
  /**
   * Whether a full-screen program is drawing.
   */
  alternate_on?: boolean;
  /**
   * Number of the first output frame that comes after this screen.
   */
  seq?: number;
  /**
   * Lines of history that stand before the screen.
   */
  scrollback?: number;
  /**
   * Escape sequences that bring a fresh terminal into the same modes.
   */
  modes?: string;
  title?: string;
}
/**
 * The keys that may log in.
 */
export interface SshKeys {
  schema_version: "1";
  type: "ssh.keys";
  request_id: string;
  /**
   * @maxItems 10000
   */
  keys: SshKey[];
}
/**
 * A key that may log in.
 */
export interface SshKey {
  fingerprint: string;
  label: string;
  algorithm: string;
  added_at?: string;
  expires_at?: string;
}
/**
 * A file is about to be sent: its size in bytes and its number of chunks.
 */
export interface FileContentBegin {
  schema_version: "1";
  type: "file.content.begin";
  transfer_id: string;
  path: string;
  size: number;
  total_chunks: number;
}
/**
 * One piece of at most 128 KiB, numbered from 0, in order.
 */
export interface FileContentChunk {
  schema_version: "1";
  type: "file.content.chunk";
  transfer_id: string;
  seq: number;
  data: string;
}
/**
 * All chunks are sent.
 */
export interface FileContentEnd {
  schema_version: "1";
  type: "file.content.end";
  transfer_id: string;
}
/**
 * An agent CLI is installed; ``version`` is what the program prints.
 */
export interface AgentInstalled {
  schema_version: "1";
  type: "agent.installed";
  request_id: string;
  agent: string;
  version?: string;
}
/**
 * The agent CLIs of the device.
 */
export interface AgentsStatus {
  schema_version: "1";
  type: "agents.status";
  request_id: string;
  /**
   * @maxItems 10000
   */
  agents: AgentState[];
}
/**
 * Whether an agent CLI is there.
 */
export interface AgentState {
  agent: string;
  binary: string;
  installed: boolean;
  version?: string;
}
/**
 * The folders of the workspace, as POSIX paths.
 */
export interface WorkspaceFolders {
  schema_version: "1";
  type: "workspace.folders";
  request_id: string;
  /**
   * @maxItems 10000
   */
  folders: string[];
}
/**
 * The update is in place.
 */
export interface GatewayUpdated {
  schema_version: "1";
  type: "gateway.updated";
  request_id: string;
  version: string;
}
/**
 * The update is not in place, and why.
 */
export interface GatewayUpdateFailed {
  schema_version: "1";
  type: "gateway.update_failed";
  request_id: string;
  error: string;
}
/**
 * Answers gateway.challenge: whose key this is (:mod:`protocol.identity` says what is signed).
 */
export interface GatewayProof {
  schema_version: "1";
  type: "gateway.proof";
  public_key: string;
  time: string;
  signature: string;
  enrolment_token?: string;
  hostname?: string;
  version?: string;
}
/**
 * The owner of the device changed what the hub may do.
 */
export interface GatewayPolicy {
  schema_version: "1";
  type: "gateway.policy";
  /**
   * @maxItems 7
   */
  allows:
    | []
    | ["health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update"]
    | [
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update"
      ]
    | [
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update"
      ]
    | [
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update"
      ]
    | [
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update"
      ]
    | [
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update"
      ]
    | [
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update",
        "health" | "terminals" | "pages" | "files" | "keys" | "agents" | "update"
      ];
}
/**
 * A live session has another name, status, title or folder.
 */
export interface SessionChanged {
  schema_version: "1";
  type: "session.changed";
  session: ActiveSession;
}
/**
 * The device wants to use ``public_key`` from now on. Without ``request_id`` it came unasked.
 */
export interface KeyRotated {
  schema_version: "1";
  type: "key.rotated";
  request_id?: string;
  public_key: string;
  signed_by_old: string;
  signed_by_new: string;
}

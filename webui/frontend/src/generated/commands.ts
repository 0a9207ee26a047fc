/* Generated from protocol/schema/commands.json by "npm run types". */

export type Commands = Command;
export type Command =
  | SessionCreate
  | SessionInput
  | SessionResize
  | SessionEnd
  | SessionAck
  | SessionSnapshotRequest
  | SshAuthorize
  | SshRevoke
  | SshList
  | FileUploadBegin
  | FileUploadChunk
  | FileUploadEnd
  | FileDownload
  | FileCancel
  | AgentsInstall
  | AgentsList
  | WorkspaceList
  | GatewayUpdate
  | KeyRotate;

/**
 * Start a session. Answered by session.started and ack.
 */
export interface SessionCreate {
  schema_version: "1";
  /**
   * Chosen by the hub; the answer repeats it.
   */
  request_id: string;
  type: "session.create";
  session_id: string;
  name: string;
  workdir: string;
  agent?: "claude-code" | "codex" | "gemini" | "opencode" | "none";
  agent_config?: AgentConfig;
  env?: {
    /**
     * This interface was referenced by `undefined`'s JSON-Schema definition
     * via the `patternProperty` "^[A-Za-z_][A-Za-z0-9_]{0,127}$".
     */
    [k: string]: string;
  };
}
/**
 * Instruction files for the session's folder, written unless the folder has its own.
 */
export interface AgentConfig {
  /**
   * Text of CLAUDE.md.
   */
  claude_md?: string;
  /**
   * Text of AGENTS.md.
   */
  agents_md?: string;
}
/**
 * Type into a session: any bytes. Answered by ack.
 */
export interface SessionInput {
  schema_version: "1";
  /**
   * Chosen by the hub; the answer repeats it.
   */
  request_id: string;
  type: "session.input";
  session_id: string;
  data: string;
}
/**
 * Give a session's terminal another size, in characters. Answered by ack.
 */
export interface SessionResize {
  schema_version: "1";
  /**
   * Chosen by the hub; the answer repeats it.
   */
  request_id: string;
  type: "session.resize";
  session_id: string;
  cols: number;
  rows: number;
}
/**
 * End a session and what runs in it. Answered by session.ended and ack.
 */
export interface SessionEnd {
  schema_version: "1";
  /**
   * Chosen by the hub; the answer repeats it.
   */
  request_id: string;
  type: "session.end";
  session_id: string;
}
/**
 * The highest frame number a viewer has seen; for flow control, coalesced. Answered by ack.
 */
export interface SessionAck {
  schema_version: "1";
  /**
   * Chosen by the hub; the answer repeats it.
   */
  request_id: string;
  type: "session.ack";
  session_id: string;
  seq: number;
}
/**
 * Ask for the screen. Answered by session.snapshot and ack.
 */
export interface SessionSnapshotRequest {
  schema_version: "1";
  /**
   * Chosen by the hub; the answer repeats it.
   */
  request_id: string;
  type: "session.snapshot";
  session_id: string;
}
/**
 * Let a public key log in over ssh, until a time if one is given. Answered by ack.
 */
export interface SshAuthorize {
  schema_version: "1";
  /**
   * Chosen by the hub; the answer repeats it.
   */
  request_id: string;
  type: "ssh.authorize";
  public_key: string;
  label: string;
  expires_at?: string;
}
/**
 * Take a key's access away. Answered by ack.
 */
export interface SshRevoke {
  schema_version: "1";
  /**
   * Chosen by the hub; the answer repeats it.
   */
  request_id: string;
  type: "ssh.revoke";
  fingerprint: string;
}
/**
 * Ask which keys may log in. Answered by ssh.keys.
 */
export interface SshList {
  schema_version: "1";
  /**
   * Chosen by the hub; the answer repeats it.
   */
  request_id: string;
  type: "ssh.list";
}
/**
 * Announce a file: its size in bytes and its number of chunks. Answered by ack.
 */
export interface FileUploadBegin {
  schema_version: "1";
  /**
   * Chosen by the hub; the answer repeats it.
   */
  request_id: string;
  type: "file.upload.begin";
  transfer_id: string;
  dest_path: string;
  size: number;
  total_chunks: number;
}
/**
 * One piece of at most 128 KiB, numbered from 0, in order. Answered by ack.
 */
export interface FileUploadChunk {
  schema_version: "1";
  /**
   * Chosen by the hub; the answer repeats it.
   */
  request_id: string;
  type: "file.upload.chunk";
  transfer_id: string;
  seq: number;
  data: string;
}
/**
 * All chunks are sent; the file takes its place. Answered by ack.
 */
export interface FileUploadEnd {
  schema_version: "1";
  /**
   * Chosen by the hub; the answer repeats it.
   */
  request_id: string;
  type: "file.upload.end";
  transfer_id: string;
}
/**
 * Ask for a file. Answered by file.content.begin, file.content.chunk, file.content.end and ack.
 */
export interface FileDownload {
  schema_version: "1";
  /**
   * Chosen by the hub; the answer repeats it.
   */
  request_id: string;
  type: "file.download";
  transfer_id: string;
  path: string;
}
/**
 * Give a transfer up, in either direction. Answered by ack.
 */
export interface FileCancel {
  schema_version: "1";
  /**
   * Chosen by the hub; the answer repeats it.
   */
  request_id: string;
  type: "file.cancel";
  transfer_id: string;
}
/**
 * Install an agent CLI. Answered by agent.installed and ack.
 */
export interface AgentsInstall {
  schema_version: "1";
  /**
   * Chosen by the hub; the answer repeats it.
   */
  request_id: string;
  type: "agents.install";
  agent: "claude-code" | "codex" | "gemini" | "opencode";
}
/**
 * Ask which agent CLIs are there. Answered by agents.status.
 */
export interface AgentsList {
  schema_version: "1";
  /**
   * Chosen by the hub; the answer repeats it.
   */
  request_id: string;
  type: "agents.list";
}
/**
 * Ask for the folders of the workspace. Answered by workspace.folders.
 */
export interface WorkspaceList {
  schema_version: "1";
  /**
   * Chosen by the hub; the answer repeats it.
   */
  request_id: string;
  type: "workspace.list";
}
/**
 * Update the gateway from a signed file. Answered by gateway.updated or gateway.update_failed.
 */
export interface GatewayUpdate {
  schema_version: "1";
  /**
   * Chosen by the hub; the answer repeats it.
   */
  request_id: string;
  type: "gateway.update";
  url: string;
  sha256: string;
  version: string;
}
/**
 * Ask the device for a new key of its own. Answered by key.rotated, which both keys signed.
 */
export interface KeyRotate {
  schema_version: "1";
  /**
   * Chosen by the hub; the answer repeats it.
   */
  request_id: string;
  type: "key.rotate";
}

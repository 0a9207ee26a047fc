/* What the stream of a conversation says, as /api/openapi.json describes it. */

export type Status = 'idle' | 'working' | 'waiting' | 'failed';
export type TurnState = 'queued' | 'running' | 'waiting' | 'done' | 'cancelled' | 'failed';
export type ToolState = 'pending' | 'waiting' | 'running' | 'completed' | 'failed' | 'cancelled';
export type Permission = 'ask' | 'edits' | 'all';
export type Reply = 'once' | 'always' | 'reject';

export interface TextPart {
  kind: 'text' | 'reasoning';
  id: string;
  text: string;
}

export interface ToolPart {
  kind: 'tool';
  id: string;
  call_id: string;
  name: string;
  title: string;
  tool_kind: string;
  state: ToolState;
  input: string;
  output: string;
  paths: string[];
}

export interface DiffPart {
  kind: 'diff';
  id: string;
  call_id: string | null;
  path: string;
  old: string | null;
  new: string;
}

export interface FilePart {
  kind: 'file';
  id: string;
  name: string;
  mime: string;
  size: number;
  path: string | null;
  attachment: string | null;
}

export interface PlanPart {
  kind: 'plan';
  id: string;
  entries: { content: string; status: 'pending' | 'in_progress' | 'completed' }[];
}

export type Part = TextPart | ToolPart | DiffPart | FilePart | PlanPart;

export interface Usage {
  model: string | null;
  input_tokens: number | null;
  output_tokens: number | null;
  cached_tokens: number | null;
  reasoning_tokens: number | null;
  context_tokens: number | null;
  context_limit: number | null;
  cost_usd: number | null;
}

export interface Message {
  id: string;
  turn_id: string;
  role: 'user' | 'agent';
  by: string;
  created_at: string;
  completed_at: string | null;
  parts: Part[];
  usage: Usage | null;
}

export interface TurnProblem {
  code: string;
  message: string;
  retryable: boolean;
}

export interface Turn {
  id: string;
  state: TurnState;
  usage: Usage | null;
  problem: TurnProblem | null;
}

export interface PermissionRequest {
  id: string;
  turn_id: string;
  call_id: string;
  title: string;
  tool_kind: string;
  input: string;
  diffs: DiffPart[];
  options: { kind: string }[];
}

export interface SlashCommand {
  name: string;
  description: string;
  hint: string | null;
}

export interface Conversation {
  id: string;
  title: string;
  status: Status;
  awake: boolean;
  permission: Permission;
  model: string | null;
  commands: SlashCommand[];
}

export interface Opening {
  type: 'opening';
  conversation: Conversation;
  messages: Message[];
  permissions: PermissionRequest[];
  turn: Turn | null;
}

export type ChatEvent =
  | Opening
  | { type: 'conversation.created' }
  | { type: 'conversation.removed' }
  | {
      type: 'conversation.changed';
      title: string;
      status: Status;
      awake: boolean;
      permission: Permission;
      model: string | null;
    }
  | { type: 'conversation.commands'; commands: SlashCommand[] }
  | { type: 'turn.started'; turn_id: string }
  | { type: 'turn.ended'; turn_id: string; state: TurnState; usage: Usage | null; problem: TurnProblem | null }
  | { type: 'permission.asked'; request: PermissionRequest }
  | { type: 'permission.answered'; permission_id: string; reply: Reply | null; by: string }
  | { type: 'message.added'; message: Message }
  | { type: 'message.part'; message_id: string; index: number; part: Part }
  | { type: 'message.delta'; message_id: string; part_id: string; text: string }
  | { type: 'message.completed'; message_id: string };

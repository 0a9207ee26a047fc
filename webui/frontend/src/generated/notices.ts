/* Generated from protocol/schema/notices.json by "npm run types". */

export type Notices = Notice;
export type Notice = GatewayChallenge | GatewayUnclaimed | GatewayWelcome | GatewayKeyAccepted;

/**
 * The first message to a device that said ``Authorization: Hutch-Key``. Answered by gateway.proof.
 */
export interface GatewayChallenge {
  schema_version: "1";
  type: "gateway.challenge";
  /**
   * 32 bytes that were never used before.
   */
  nonce: string;
  /**
   * The hub's address as it knows itself.
   */
  hub: string;
  time: string;
}
/**
 * The key is right and belongs to nobody: show the code. Sent again, with another code, when one expires.
 */
export interface GatewayUnclaimed {
  schema_version: "1";
  type: "gateway.unclaimed";
  claim_code: string;
  claim_url: string;
  expires_at: string;
  /**
   * Of the device's key, as the hub shows it to the person who claims.
   */
  fingerprint: string;
}
/**
 * The device is known; its hello is expected.
 */
export interface GatewayWelcome {
  schema_version: "1";
  type: "gateway.welcome";
  /**
   * With it the hub signs who comes through it.
   */
  hub_key: string;
  /**
   * What the device is called on the hub.
   */
  name?: string;
  organisation?: string;
}
/**
 * The hub knows the device by this key from now on; the old one may go.
 */
export interface GatewayKeyAccepted {
  schema_version: "1";
  type: "gateway.key_accepted";
  public_key: string;
}

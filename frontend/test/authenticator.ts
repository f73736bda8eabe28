import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";

import { ORIGIN } from "./application";

/** What an authenticator does otherwise than it should. */
interface Fault {
  origin?: string;
  rpId?: string;
  /** Whether it asked its user for a fingerprint, a face or a PIN. */
  verifiesUser?: boolean;
  /** What its credential is called. */
  id?: string;
}

/** A passkey, and what keeps it: an authenticator in software, by https://www.w3.org/TR/webauthn-3/. */
export class Authenticator {
  readonly id: string;
  private readonly key: { publicKey: KeyObject; privateKey: KeyObject };
  private readonly flags: number;

  constructor(private readonly fault: Fault = {}) {
    this.id = fault.id ?? randomBytes(16).toString("base64url");
    this.key = generateKeyPairSync("ec", { namedCurve: "P-256" });
    // The user is there, and verified.
    this.flags = 0x01 | (fault.verifiesUser === false ? 0 : 0x04);
  }

  /** Answers what `navigator.credentials.create` was asked. */
  register({ challenge }: { challenge: string }) {
    const id = Buffer.from(this.id, "base64url");
    const length = Buffer.alloc(2);
    length.writeUInt16BE(id.length);
    const { x, y } = this.key.publicKey.export({ format: "jwk" });
    // COSE: an EC2 key (2) for ES256 (-7) on P-256 (1), in CBOR.
    const cose = Buffer.concat([
      Buffer.from("a5010203262001215820", "hex"),
      Buffer.from(x!, "base64url"),
      Buffer.from("225820", "hex"),
      Buffer.from(y!, "base64url"),
    ]);
    const attested = Buffer.concat([Buffer.alloc(16), length, id, cose]);
    const data = this.data(this.flags | 0x40, attested);
    const size = Buffer.alloc(2);
    size.writeUInt16BE(data.length);
    // CBOR of { fmt: "none", attStmt: {}, authData: … }.
    const attestation = Buffer.concat([
      Buffer.from("a3", "hex"),
      textOf("fmt"),
      textOf("none"),
      textOf("attStmt"),
      Buffer.from("a0", "hex"),
      textOf("authData"),
      Buffer.from("59", "hex"),
      size,
      data,
    ]);
    return this.credential({
      clientDataJSON: this.client("webauthn.create", challenge).toString("base64url"),
      attestationObject: attestation.toString("base64url"),
      transports: ["internal"],
    });
  }

  /** Answers what `navigator.credentials.get` was asked. */
  signIn({ challenge }: { challenge: string }) {
    const data = this.data(this.flags);
    const client = this.client("webauthn.get", challenge);
    const signed = Buffer.concat([data, createHash("sha256").update(client).digest()]);
    return this.credential({
      clientDataJSON: client.toString("base64url"),
      authenticatorData: data.toString("base64url"),
      signature: sign("sha256", signed, this.key.privateKey).toString("base64url"),
    });
  }

  private data(flags: number, attested = Buffer.alloc(0)): Buffer {
    const relyingParty = createHash("sha256").update(this.fault.rpId ?? new URL(ORIGIN).hostname);
    return Buffer.concat([relyingParty.digest(), Buffer.from([flags]), Buffer.alloc(4), attested]);
  }

  private client(type: string, challenge: string): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin: this.fault.origin ?? ORIGIN }));
  }

  private credential<T extends object>(response: T) {
    return { id: this.id, rawId: this.id, type: "public-key", clientExtensionResults: {}, response };
  }
}

/** A short text in CBOR. */
function textOf(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x60 + text.length]), Buffer.from(text)]);
}

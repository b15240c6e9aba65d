import { errors, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import { type Caller, type UserToken, Verb } from "#contract/caller.ts";

const ISSUER = "compute-bridge";
const ALGORITHM = "HS256";

const Claims = z.object({ sub: z.string(), azp: z.string(), vch: z.string(), scope: z.string() });

/** Short-lived tokens for the users of a client that the bridge trusts: signed, kept nowhere. */
export interface UserTokens {
  /**
   * @param by the name of the token that vouches for the user. Removing that one ends all that it vouched for.
   * Undefined: it is not a token's name (a browser's session, say)
   */
  issue(asked: UserToken, by: string): Promise<{ token: string; expiresAt: string } | undefined>;
  /** Undefined: it is none, its time is over, or who vouched for it is not trusted any more. */
  callerOf(token: string): Promise<Caller | undefined>;
}

/**
 * JSON Web Tokens (RFC 7519), signed with HMAC-SHA256 by a key that the bridges of one home share.
 *
 * @param key 32 random bytes, as text @param voucherOf what tells the token of a name from
 * others that had or will have it; undefined: there is none now @param now in milliseconds
 */
export function userTokens(key: string, voucherOf: (name: string) => string | undefined, now: () => number): UserTokens {
  const secret = new TextEncoder().encode(key);
  return {
    async issue({ user, verbs, seconds }, by) {
      const voucher = voucherOf(by);
      if (voucher === undefined) return undefined;
      const at = Math.floor(now() / 1000);
      const token = await new SignJWT({ azp: by, vch: voucher, scope: verbs.join(" ") })
        .setProtectedHeader({ alg: ALGORITHM, typ: "JWT" })
        .setIssuer(ISSUER)
        .setSubject(user)
        .setIssuedAt(at)
        .setExpirationTime(at + seconds)
        .sign(secret);
      return { token, expiresAt: new Date((at + seconds) * 1000).toISOString() };
    },

    async callerOf(token) {
      // Most tokens are no JWT: they cost nothing more.
      if (token.split(".", 4).length !== 3) return undefined;
      try {
        const { payload } = await jwtVerify(token, secret, { issuer: ISSUER, algorithms: [ALGORITHM], currentDate: new Date(now()) });
        const { sub, azp, vch, scope } = Claims.parse(payload);
        if (payload.exp === undefined || voucherOf(azp) !== vch) return undefined;
        return { name: `${azp}/${sub}`, verbs: new Set(z.array(Verb).parse(scope.split(" "))) };
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof z.ZodError) return undefined;
        throw error;
      }
    },
  };
}

import { InteractionRequiredAuthError, PublicClientApplication } from "@azure/msal-node";
import { ask, auth, run, settings } from "./driver.js";

const app = new PublicClientApplication({ auth: auth({ clientId: settings.publicClientID }) });
let account;

await run("/me", async (claims) => {
  const request = { scopes: [settings.userScope], claims, account };
  if (account) {
    try {
      return (await app.acquireTokenSilent(request)).accessToken;
    } catch (error) {
      if (!(error instanceof InteractionRequiredAuthError)) throw error;
      await ask({ interactionRequired: error.errorCode, suberror: error.subError, errorNo: error.errorNo, errorClaims: error.claims });
    }
  }
  const result = await app.acquireTokenByDeviceCode({
    ...request,
    deviceCodeCallback: (code) => void ask({ enter: code.userCode, at: code.verificationUri }),
  });
  account = result.account;
  return result.accessToken;
});

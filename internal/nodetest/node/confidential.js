import { ConfidentialClientApplication } from "@azure/msal-node";
import { auth, run, settings } from "./driver.js";

const app = new ConfidentialClientApplication({
  auth: auth({ clientId: settings.clientID, clientSecret: settings.clientSecret }),
});

await run("/users", async (claims) => {
  const result = await app.acquireTokenByClientCredential({ scopes: [settings.scope], claims });
  return result.accessToken;
});

package main

// help is what -h prints; a test holds it against the package's own words.
const help = `Graph calls Microsoft Graph as the person who uses it.

  graph [flags] login                        sign in, whoever is signed in
  graph [flags] logout [user]                forget that user, or everybody
  graph [flags] accounts                     list who is signed in
  graph [flags] get /me                      print an answer
  graph [flags] post /me/sendMail @body.json send a body: @file, @- for standard input, or JSON

Patch, put and delete are like post. It asks for a sign-in when Entra says
that one is needed, and only then; when a session is revoked or a policy wants
more of it, in the middle of a call as well. Who has signed in stays so for
the commands that follow, until logout.

  -device-code   sign in on another device, with a code
  -no-prompt     never ask; say that somebody has to sign in
  -account user  who calls, if several are signed in
  -scopes list   what to ask for; default: all that was granted (/.default)
  -v             tell on standard error what happens

The environment says which Entra it talks to:

  MSALCAE_CLIENT_ID  the application's id, registered as a public client with redirect URI http://localhost
  MSALCAE_TENANT     default: organizations, any work or school account
  MSALCAE_AUTHORITY  default: https://login.microsoftonline.com
  MSALCAE_GRAPH      default: https://graph.microsoft.com/v1.0
  MSALCAE_CA_FILE    certificates to trust besides the system's, PEM
  MSALCAE_CACHE      plaintext: keep the cache's key in a file where the system has no key store; memory: keep nothing

With nothing set it says so, and calls a local Entra ID inside itself.

It exits with 1 if the call or the sign-in failed, an answer of 400 or more
included, with 2 if the command line is wrong, and with 130 when interrupted.
`

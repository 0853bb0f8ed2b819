await msalRedirectBridge.broadcastResponseToMainFrame();

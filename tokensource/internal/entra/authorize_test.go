package entra

import (
	"net/url"
	"testing"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource/internal/engine"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCodeOf(t *testing.T) {
	code, err := CodeOf(url.Values{"code": {"x"}})
	require.NoError(t, err)
	assert.Equal(t, "x", code)

	_, err = CodeOf(url.Values{"error": {"access_denied"}, "error_description": {"AADSTS65004: User declined\r\nTrace ID: 1\r\nCorrelation ID: 99999999-0000-4000-8000-000000000009\r\n"}})
	var e *msalcae.Error
	require.ErrorAs(t, err, &e)
	require.ErrorIs(t, err, engine.ErrDeclined)
	assert.Equal(t, "access_denied", e.Code)
	assert.Equal(t, []int{65004}, e.AADSTS)
	assert.Equal(t, "99999999-0000-4000-8000-000000000009", e.CorrelationID)
	assert.NotErrorIs(t, err, msalcae.ErrInteractionRequired)

	_, err = CodeOf(url.Values{"error": {"server_error"}, "error_subcode": {"cancel"}})
	assert.ErrorIs(t, err, engine.ErrDeclined)
	_, err = CodeOf(url.Values{"error": {"invalid_request"}, "code": {"x"}})
	assert.ErrorIs(t, err, msalcae.ErrMisconfigured)
	_, err = CodeOf(url.Values{"error": {"interaction_required"}})
	assert.ErrorIs(t, err, msalcae.ErrInteractionRequired)
	_, err = CodeOf(url.Values{"error": {"<script>"}})
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "script")
	_, err = CodeOf(url.Values{"error": {""}})
	assert.Error(t, err)
	_, err = CodeOf(url.Values{})
	assert.Error(t, err)
}

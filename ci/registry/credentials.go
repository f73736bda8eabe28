package registry

import (
	"encoding/base64"
	"encoding/json"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
)

// Credentials are Docker's own file of them, config.json, for one host. It is a secret. Without a username and a password it
// has none.
func Credentials(host, username, password string) ([]byte, error) {
	type entry struct {
		// Auth is the name, a colon and the password, in base64.
		Auth string `json:"auth"`
	}
	auths := map[string]entry{}
	if username != "" || password != "" {
		if parsed, err := name.NewRegistry(host); err == nil && parsed.RegistryStr() == name.DefaultRegistry {
			// Docker Hub's are under an address of old.
			host = authn.DefaultAuthKey
		}
		auths[host] = entry{base64.StdEncoding.EncodeToString([]byte(username + ":" + password))}
	}
	return json.Marshal(map[string]any{"auths": auths})
}

package release

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAfterAFailureTheNextCallIsSaid(t *testing.T) {
	assert.Equal(t, "mend that, and call again: the cluster ended with this run", AfterFailure(true, "release status"))
	assert.Equal(t, "release status shows what runs; mend that, and call again", AfterFailure(false, "release status"))
}

func TestHowABrowserGetsToTheRelease(t *testing.T) {
	const forward = "kubectl --namespace prod port-forward service/shop-todo-chatbot-frontend "
	for publicURL, want := range map[string]string{
		"http://localhost:3000":     forward + "3000:3000   then http://localhost:3000",
		"http://localhost:3100":     forward + "3100:3000   then http://localhost:3100",
		"http://127.0.0.1:3000":     forward + "3000:3000   then http://127.0.0.1:3000",
		"http://localhost":          "sudo --preserve-env " + forward + "80:3000   then http://localhost",
		"http://localhost:1023":     "sudo --preserve-env " + forward + "1023:3000   then http://localhost:1023",
		"http://localhost:1024":     forward + "1024:3000   then http://localhost:1024",
		"https://localhost":         forward + "3000:3000   behind what serves https://localhost and passes it to port 3000: a port-forward has no TLS",
		"https://127.0.0.1:8443":    forward + "3000:3000   behind what serves https://127.0.0.1:8443 and passes it to port 3000: a port-forward has no TLS",
		"https://todo.example.com":  "https://todo.example.com",
		"http://localhost.internal": "http://localhost.internal",
		"http://192.168.49.2:30080": "http://192.168.49.2:30080",
	} {
		assert.Equal(t, want, reach(publicURL, "prod", "shop-todo-chatbot"), publicURL)
	}
}

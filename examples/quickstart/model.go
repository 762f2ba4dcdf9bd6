package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/tmc/langchaingo/llms"
	"github.com/tmc/langchaingo/llms/ollama"
	"github.com/tmc/langchaingo/llms/openai"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/langchain"
)

// openModel makes the model named "provider:model"; an empty name is none.
func openModel(ctx context.Context, name string) (agent.Model, error) {
	if name == "" {
		return nil, nil
	}
	provider, model, _ := strings.Cut(name, ":")
	if model == "" {
		return nil, fmt.Errorf("-model %q: want openai:NAME or ollama:NAME", name)
	}
	client := &http.Client{Transport: langchain.Transport(nil)}
	var llm llms.Model
	var err error
	switch provider {
	case "openai":
		key := os.Getenv("OPENAI_API_KEY")
		if key == "" {
			return nil, fmt.Errorf("-model %s needs a key in OPENAI_API_KEY", name)
		}
		options := []openai.Option{openai.WithToken(key), openai.WithModel(model), openai.WithHTTPClient(client)}
		if base := os.Getenv("OPENAI_BASE_URL"); base != "" {
			options = append(options, openai.WithBaseURL(base))
		}
		llm, err = openai.New(options...)
	case "ollama":
		server := os.Getenv("OLLAMA_HOST")
		if server == "" {
			server = "http://127.0.0.1:11434"
		}
		if !strings.Contains(server, "://") {
			server = "http://" + server
		}
		if err := reach(ctx, server); err != nil {
			return nil, fmt.Errorf("-model %s: no Ollama server at %s; start it with 'ollama serve' or set OLLAMA_HOST", name, server)
		}
		llm, err = ollama.New(ollama.WithModel(model), ollama.WithServerURL(server), ollama.WithHTTPClient(client))
	default:
		return nil, fmt.Errorf("-model %q: unknown provider, want openai:NAME or ollama:NAME", name)
	}
	if err != nil {
		return nil, fmt.Errorf("-model %s: %w", name, err)
	}
	return langchain.New(llm, langchain.Config{}), nil
}

// reach checks that a server answers at all.
func reach(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

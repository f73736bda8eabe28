package image_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/image"
)

func measured(t *testing.T) image.Size {
	t.Helper()
	size, err := image.Measure(imageOf(t,
		layerOf(t, regular("usr/lib/libc.so", strings.Repeat("c", 5_000_000))),
		layerOf(t, regular("app/.venv/lib/python3.13/site-packages/alpha/a.py", strings.Repeat("a", 2_000_000)), regular("app/.venv/b.py", strings.Repeat("b", 1_000_000))),
		layerOf(t, regular("app/src/main.py", strings.Repeat("m", 10_000)), regular("app/alembic.ini", "x"), regular("top", "y"))))
	require.NoError(t, err)
	return size
}

func TestASizeTellsBaseAndAdditionsApart(t *testing.T) {
	size := measured(t)
	assert.EqualValues(t, 8_010_002, size.Unpacked())
	assert.EqualValues(t, 3_010_002, size.Added())
	assert.Less(t, size.Compressed(), size.Unpacked())
	require.Len(t, size.Layers, 3)
	assert.True(t, size.Layers[0].Base)
	assert.False(t, size.Layers[1].Base)
	assert.Equal(t, 2, size.Layers[1].Files)
}

func TestDirectoriesAreThoseThatWereAddedLargestFirst(t *testing.T) {
	assert.Equal(t, []image.DirectorySize{
		{Path: "/app/.venv", Unpacked: 3_000_000, Files: 2},
		{Path: "/app/src", Unpacked: 10_000, Files: 1},
		{Path: "/", Unpacked: 1, Files: 1},
		{Path: "/app", Unpacked: 1, Files: 1},
	}, measured(t).Directories)
}

func TestPackagesAreThoseOfPythonAndOfNode(t *testing.T) {
	size, err := image.Measure(imageOf(t,
		layerOf(t, regular("usr/lib/node_modules/npm/a", "base")),
		layerOf(t, regular("app/node_modules/next/dist/a.js", "aaa"), regular("app/node_modules/@swc/helpers/a.js", "a"), regular("app/server.js", "s")),
		layerOf(t, regular("app/node_modules/next/b.js", "b"))))
	require.NoError(t, err)
	assert.Equal(t, []image.DirectorySize{
		{Path: "/app/node_modules/next", Unpacked: 4, Files: 2},
		{Path: "/app/node_modules/@swc/helpers", Unpacked: 1, Files: 1},
	}, size.Packages)
	assert.Equal(t, "/app/node_modules/next 0.00 MB, /app/node_modules/@swc/helpers 0.00 MB", size.Largest())
}

func TestAMarkOfWhatIsDeletedWeighsNothing(t *testing.T) {
	size, err := image.Measure(imageOf(t,
		layerOf(t, regular("usr/local/lib/node_modules/npm/a", "base")),
		layerOf(t, regular("usr/local/lib/node_modules/.wh.npm", "")),
		layerOf(t, regular("app/server.js", "s"))))
	require.NoError(t, err)
	assert.Equal(t, []image.DirectorySize{{Path: "/app", Unpacked: 1, Files: 1}}, size.Directories)
	assert.Empty(t, size.Packages)
	assert.EqualValues(t, 5, size.Unpacked(), "what is deleted is carried all the same")
}

func TestAChangeOfTheApplicationSendsTheLastLayerAgain(t *testing.T) {
	size := measured(t)
	assert.Equal(t, size.Layers[2].Compressed, size.Change())
	assert.Zero(t, image.Size{}.Change())
}

func TestTheTableHasALineForEachPartAndTheSums(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(measured(t).Table()), "\n")
	require.Len(t, lines, 1+3+4+1+3)
	assert.Regexp(t, `^ *5\.00 MB +0\.\d\d MB +1 +layer 0, base$`, lines[1])
	assert.Regexp(t, `^ *3\.00 MB +2 +/app/\.venv$`, lines[4])
	assert.Regexp(t, `^ *2\.00 MB +1 +/app/\.venv/lib/python3\.13/site-packages/alpha$`, lines[8])
	assert.Regexp(t, `^ *0\.00 MB +sent again by a change of the application$`, lines[9])
	assert.Regexp(t, `^ *3\.01 MB +added to the base$`, lines[10])
	assert.Regexp(t, `^ *8\.01 MB +0\.\d\d MB +the image$`, lines[11])
}

func TestTheProjectsOwnBudgetLimitsBothImages(t *testing.T) {
	budget, err := image.ParseBudget([]byte(image.DefaultBudget()))
	require.NoError(t, err)
	tooLarge := image.Size{
		Layers:      []image.LayerSize{{Unpacked: 1e9, Compressed: 1e9}},
		Directories: []image.DirectorySize{{Path: "/app/src", Unpacked: 1e9}, {Path: "/app/.next", Unpacked: 1e9}},
	}
	for _, name := range []string{"backend", "frontend"} {
		assert.ErrorContains(t, budget.Check(name, tooLarge), name+" added is 1000.00 MB")
		assert.ErrorContains(t, budget.Check(name, tooLarge), name+" change is 1000.00 MB")
	}
}

func TestABudgetThatIsKeptIsSilent(t *testing.T) {
	budget, err := image.ParseBudget([]byte("# MB\nbackend change 0.1\nbackend /app/.venv/lib/python3.13/site-packages/alpha 2\nbackend unpacked 8.1\nbackend added 3.1\nbackend compressed 8\nbackend /app/.venv 3 # the most\nfrontend unpacked 1\n"))
	require.NoError(t, err)
	assert.NoError(t, budget.Check("backend", measured(t)))
}

func TestABudgetSaysWhatIsTakenOfIt(t *testing.T) {
	budget, err := image.ParseBudget([]byte("backend added 4\nbackend /app/.venv 2.5\nbackend /opt 1\nfrontend added 1\n"))
	require.NoError(t, err)
	uses := budget.Uses("backend", measured(t))
	require.Len(t, uses, 2)
	assert.Equal(t, image.Use{Image: "backend", Of: "added", Bytes: measured(t).Added(), Limit: 4e6}, uses[0])
	assert.Equal(t, "/app/.venv", uses[1].Of)
}

func TestABudgetThatIsBrokenIsToldWithItsNumbers(t *testing.T) {
	budget, err := image.ParseBudget([]byte("backend unpacked 8\nbackend /app/.venv 2.5\nbackend added 4\n"))
	require.NoError(t, err)
	err = budget.Check("backend", measured(t))
	require.Error(t, err)
	const largest = ". The largest: /app/.venv/lib/python3.13/site-packages/alpha 2.00 MB"
	assert.Equal(t, "image budget: backend unpacked is 8.01 MB, 0.01 MB over its 8.00 MB; make it smaller, or raise line 1 and say why"+largest+"\n"+
		"image budget: backend /app/.venv is 3.00 MB, 0.50 MB over its 2.50 MB; make it smaller, or raise line 2 and say why"+largest, err.Error())
}

func TestABudgetThatGuardsNothingIsRefused(t *testing.T) {
	budget, err := image.ParseBudget([]byte("backend /opt 5\n"))
	require.NoError(t, err)
	assert.ErrorContains(t, budget.Check("backend", measured(t)), "line 1: backend adds nothing in /opt; remove the line")
	assert.ErrorContains(t, budget.Check("frontend", measured(t)), "no limit for frontend")
}

func TestBudgetsAreRefused(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"two words":        {"backend 200", "line 1: write an image, a part and a number"},
		"no number":        {"backend added much", `line 1: "much" is no number of MB`},
		"not a number":     {"backend added NaN", `line 1: "NaN" is no number`},
		"infinity":         {"backend added Inf", `line 1: "Inf" is no number`},
		"nothing allowed":  {"backend added 0", `line 1: "0" is no number`},
		"an unknown part":  {"backend venv 5", `line 1: "venv" is no part`},
		"one limit twice":  {"backend added 5\nbackend added 6", "line 2: backend added has a limit already"},
		"a second problem": {"backend 1\nfrontend 2", "line 2: write an image"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := image.ParseBudget([]byte(test.text))
			assert.ErrorContains(t, err, test.want)
		})
	}
}

using System.Globalization;
using Dftp.Tests.Scenarios.Support;
using Dftp.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dftp.Tests.Browser;

/// <summary>The page in a browser, with two present nodes and a missing one.</summary>
[TestClass]
public sealed class PageTests
{
    /// <summary>One pixel.</summary>
    private const string Png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M/wHwAEBgIApD5fRAAAAABJRU5ErkJggg==";

    private const string Readme = """
        # The lab's files

        Everything, **as one tree**. See [photos](photos/), ![pixel](pixel.png) and `code`.

        | where | what |
        |:--|--:|
        | `photos/` | pictures |

        - [x] done
        - [ ] to do
          - inner

        > quoted
        """;

    private static TestCluster? _cluster;
    private static TestNode? _node;

    private static Uri Root => new(_node!.Public, "/fs/");

    [ClassInitialize]
    public static async Task StartAsync(TestContext context)
    {
        ProgramTools.Require("chromium");
        _cluster = new TestCluster();
        var atlas = await _cluster.StartAsync("atlas",
        [
            ("README.md", Readme), ("notes 10.txt", "ten"), ("notes 2.txt", "two and more"), ("both.txt", "both"),
                ("photos/first.txt", "1"),
            ("dive:plan.svg", "<svg xmlns='http://www.w3.org/2000/svg' width='30' height='20'><rect width='30' height='20' fill='teal'/></svg>"),
        ]);
        await File.WriteAllBytesAsync(Path.Combine(atlas.Root, "pixel.png"), Convert.FromBase64String(Png));
        await File.WriteAllBytesAsync(Path.Combine(atlas.Root, "tone.wav"), new byte[100]);
        await File.WriteAllBytesAsync(Path.Combine(atlas.Root, "film.webm"), new byte[100]);
        await File.WriteAllTextAsync(Path.Combine(atlas.Root, "report.pdf"), "%PDF-1.4\n");
        await _cluster.StartAsync("studio", [("both.txt", "both"), ("report 2026.csv", "a,b\n"), ("photos/deep/second.txt", "22")]);
        var nas = await _cluster.StartAsync("nas", [("backup.iso", "b")]);
        await _cluster.UniteAsync();
        _node = atlas;
        await nas.StopAsync();
        await Support.Eventually.TrueAsync(() => atlas.Tree.Missing.Count == 1 && atlas.Tree.Nodes.Count == 2, "nas is missed");
        await Support.Eventually.TrueAsync(() => atlas.Paths().Contains("/report.pdf"), "what was written last is there");
    }

    [ClassCleanup]
    public static async Task StopAsync()
    {
        if (_cluster is not null) await _cluster.DisposeAsync();
    }

    [TestMethod]
    public async Task Listing_IsATable_WithNodesAndTotals()
    {
        await using var tab = await Chromium.OpenAsync();
        await tab.ListAsync(Root);

        Assert.AreEqual(
            "photos both.txt dive:plan.svg film.webm notes 2.txt notes 10.txt pixel.png README.md report 2026.csv report.pdf tone.wav",
            await tab.NamesAsync());
        var shared = tab.Page.Locator("tr[data-name='both.txt']");
        await Expect(shared.Locator("td.size")).ToHaveTextAsync("4 B");
        await Expect(shared.Locator("td.node button")).ToHaveTextAsync("+1");
        await Expect(tab.Page.Locator("tr[data-name='photos'] td.size")).ToHaveTextAsync("3 B");
        await Expect(tab.Page.Locator(".count")).ToContainTextAsync("1 directory, 10 files, ");
        await Expect(tab.Page.Locator(".notice")).ToContainTextAsync("This list may be incomplete: nas (last seen just now) has left.");
        await Expect(tab.Page.Locator(".legend li")).ToHaveCountAsync(3);
        await Expect(tab.Page.Locator(".legend .gone b")).ToHaveTextAsync("nas");
        await Expect(tab.Page.Locator("h1")).ToHaveTextAsync("files");
    }

    [TestMethod]
    public async Task ColumnHeads_Sort_AndSayHow()
    {
        await using var tab = await Chromium.OpenAsync();
        await tab.ListAsync(Root);

        await tab.Page.ClickAsync("th.size button");
        await Expect(tab.Page.Locator("th.size")).ToHaveAttributeAsync("aria-sort", "descending");
        StringAssert.StartsWith(await tab.NamesAsync(), "photos README.md dive:plan.svg film.webm tone.wav");
        await tab.Page.ClickAsync("th.size button");
        await Expect(tab.Page.Locator("th.size")).ToHaveAttributeAsync("aria-sort", "ascending");
        StringAssert.StartsWith(await tab.NamesAsync(), "photos notes 10.txt both.txt report 2026.csv");
        await tab.Page.ClickAsync("th.node button");
        StringAssert.EndsWith(await tab.NamesAsync(), "report 2026.csv");
        await Expect(tab.Page.Locator("[aria-sort]")).ToHaveCountAsync(1);

        // The order is in the URL, and the server supports it too.
        await tab.ListAsync(new Uri(Root, "?sort=size&order=asc"));
        StringAssert.StartsWith(await tab.NamesAsync(), "photos notes 10.txt both.txt");
    }

    [TestMethod]
    public async Task Filter_SelectsWhileTyping_AndKeysMoveTheFocus()
    {
        await using var tab = await Chromium.OpenAsync();
        await tab.ListAsync(Root);

        await tab.Page.Keyboard.PressAsync("/");
        await tab.Page.Keyboard.TypeAsync("NOTES");
        Assert.AreEqual("notes 2.txt notes 10.txt", await tab.NamesAsync());
        await Expect(tab.Page.Locator("mark").First).ToHaveTextAsync("notes");
        await Expect(tab.Page.Locator(".count")).ToHaveTextAsync("2 files, 15 B");
        await tab.Page.Keyboard.PressAsync("ArrowDown");
        await tab.Page.Keyboard.PressAsync("ArrowDown");
        await Expect(tab.Page.Locator("a:focus")).ToHaveTextAsync("notes 10.txt");
        await tab.Page.Keyboard.PressAsync("Enter");
        await Expect(tab.Page.Locator("dialog pre")).ToHaveTextAsync("ten");
        await tab.Page.Keyboard.PressAsync("Escape");
        await Expect(tab.Page.Locator("dialog")).ToBeHiddenAsync();
        await tab.Filter.FillAsync("no such name");
        await Expect(tab.Page.Locator(".empty")).ToHaveTextAsync("Nothing here fits the filter.");
        await tab.Filter.PressAsync("Escape");
        await Expect(tab.Rows).ToHaveCountAsync(11);
    }

    // Unicode Standard Annex #15: macOS writes an umlaut as two characters, and people type it as one.
    [TestMethod]
    public async Task Filter_FindsBothNormalForms()
    {
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("umlauts", [("\u00DCbung 1", "a"), ("U\u0308bung 2", "b"), ("Ubung 3", "c")]);
        await using var tab = await Chromium.OpenAsync();
        await tab.ListAsync(new Uri(node.Public, "/fs/"));

        await tab.Filter.FillAsync("\u00FCbung");

        await Expect(tab.Rows).ToHaveCountAsync(2);
        await Expect(tab.Page.Locator("mark")).ToHaveTextAsync(["\u00DCbung", "\u00DCbung"]);
        await tab.Filter.FillAsync("u\u0308bung");
        await Expect(tab.Rows).ToHaveCountAsync(2);
    }

    [TestMethod]
    public async Task Legend_ChoosesANode()
    {
        await using var tab = await Chromium.OpenAsync();
        await tab.ListAsync(Root);

        await tab.Page.ClickAsync(".legend button:has-text('studio')");
        var names = await tab.NamesAsync();
        StringAssert.Contains(names, "report 2026.csv");
        Assert.IsFalse(names.Contains("README.md", StringComparison.Ordinal), names);
        await Expect(tab.Page.Locator(".legend [aria-pressed=true]")).ToHaveCountAsync(1);
        await tab.Page.ClickAsync(".legend button:has-text('studio')");
        await Expect(tab.Rows).ToHaveCountAsync(11);
    }

    [TestMethod]
    public async Task Preview_OpensInPlace_GoesOn_AndHasAnAddress()
    {
        await using var tab = await Chromium.OpenAsync();
        await tab.ListAsync(Root);

        await tab.Page.ClickAsync("text=dive:plan.svg");
        var image = tab.Page.Locator("dialog img");
        await Expect(image).ToHaveJSPropertyAsync("naturalWidth", 30);
        StringAssert.EndsWith(tab.Page.Url, "#preview=dive%3Aplan.svg");
        await tab.Page.Keyboard.PressAsync("ArrowRight");
        await Expect(tab.Page.Locator("dialog .video")).ToBeVisibleAsync();
        await tab.Page.Keyboard.PressAsync("ArrowRight");
        await Expect(tab.Page.Locator("dialog pre")).ToHaveTextAsync("two and more");
        await tab.Page.GoBackAsync();
        await Expect(tab.Page.Locator("dialog")).ToBeHiddenAsync();
        await Expect(tab.Page).ToHaveURLAsync(Root.ToString());

        await tab.ListAsync(new Uri(Root, "#preview=pixel.png"));
        await tab.Page.ReloadAsync();
        await Expect(image).ToHaveJSPropertyAsync("naturalWidth", 1);
        await tab.Page.ClickAsync("dialog button[title=Close]");
        await Expect(tab.Page).ToHaveURLAsync(Root.ToString());
        await tab.ListAsync(new Uri(Root, "#preview=tone.wav"));
        await Expect(tab.Page.Locator("dialog .audio")).ToBeVisibleAsync();
        await tab.ListAsync(new Uri(Root, "?#preview=report.pdf"));
        await Expect(tab.Page.Locator("dialog iframe")).ToHaveAttributeAsync("src", "report.pdf");
        await Expect(tab.Page.Locator("dialog a:has-text('Download')")).ToHaveAttributeAsync("href", "report.pdf?download");
    }

    [TestMethod]
    public async Task Readme_IsShownBelowTheList()
    {
        await using var tab = await Chromium.OpenAsync();
        await tab.ListAsync(Root);

        var readme = tab.Page.Locator(".readme");
        await Expect(readme.Locator("h2")).ToHaveTextAsync("The lab's files");
        await Expect(readme.Locator("strong")).ToHaveTextAsync("as one tree");
        await Expect(readme.Locator("td.right")).ToHaveTextAsync("pictures");
        await Expect(readme.Locator("li li")).ToHaveTextAsync("inner");
        await Expect(readme.Locator("li input:checked")).ToHaveCountAsync(1);
        await Expect(readme.Locator("blockquote p")).ToHaveTextAsync("quoted");
        await Expect(readme.Locator("img")).ToHaveJSPropertyAsync("naturalWidth", 1);
        await readme.Locator("a").ClickAsync();
        await Expect(tab.Page.Locator("h1")).ToHaveTextAsync("files/photos");
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task SearchBox_LeadsToAPageOfWhatWasFound(bool withScript)
    {
        await using var tab = await Chromium.OpenAsync(new() { JavaScriptEnabled = withScript });
        await tab.Page.GotoAsync(new Uri(Root, "photos/").ToString());

        await tab.Page.CheckAsync("text=only below here");
        await tab.Page.FillAsync("form.search input[name=name]", "*.TXT");
        await tab.Page.ClickAsync("form.search button");
        await Expect(tab.Page.Locator(".found tbody tr")).ToHaveCountAsync(2);
        await Expect(tab.Page.Locator(".told")).ToHaveTextAsync("2 found.");
        await Expect(tab.Page.Locator(".notice")).ToContainTextAsync("nas left at");
        await tab.Page.SelectOptionAsync("select[name=node]", "studio");
        await tab.Page.ClickAsync(".wanted button");
        await Expect(tab.Page.Locator(".found td.name > a")).ToHaveTextAsync("second.txt");
        await tab.Page.ClickAsync(".found .where a");
        StringAssert.EndsWith(tab.Page.Url, "/fs/photos/deep/");
    }

    [TestMethod]
    public async Task WithoutScript_ListSortAndArchiveWork()
    {
        await using var tab = await Chromium.OpenAsync(new() { JavaScriptEnabled = false });
        await tab.Page.GotoAsync(Root.ToString());

        await Expect(tab.Page.Locator("pre a")).ToHaveCountAsync(12);
        await Expect(tab.Page.Locator("pre")).ToBeVisibleAsync();
        await tab.Page.SelectOptionAsync("select[name=sort]", "size");
        await tab.Page.SelectOptionAsync("select[name=order]", "desc");
        await tab.Page.ClickAsync("text=Sort");
        await Expect(tab.Page.Locator("pre a").Nth(2)).ToHaveTextAsync("README.md");
        var download = await tab.Page.RunAndWaitForDownloadAsync(() => tab.Page.ClickAsync("button:text-is('zip')"));
        Assert.AreEqual("files.zip", download.SuggestedFilename);
        await tab.ShootAsync("without script");
    }

    [TestMethod]
    public async Task Archive_IsALinkOfThePage()
    {
        await using var tab = await Chromium.OpenAsync();
        await tab.ListAsync(new Uri(Root, "photos/"));

        var download = await tab.Page.RunAndWaitForDownloadAsync(() => tab.Page.ClickAsync(".downloads a:text-is('tar')"));

        Assert.AreEqual("photos.tar", download.SuggestedFilename);
    }

    [TestMethod]
    public async Task Holders_AreShownOnDemand()
    {
        await using var tab = await Chromium.OpenAsync();
        await tab.RouteAsync("**/holders/both.txt", 200, "application/json", """
            {"path":"/both.txt","type":"file","owner":"atlas","holders":[
                {"node":"atlas","state":"self","mtime":"Sun, 23 Oct 2016 12:07:06 GMT","url":null,"size":4,"same":true,"sha256":null},
                {"node":"studio","state":"alive","mtime":"Sun, 23 Oct 2016 12:07:06 GMT","url":null,"size":5,"same":false,"sha256":null}]}
            """);
        await tab.ListAsync(Root);

        await tab.Page.ClickAsync("tr[data-name='both.txt'] td.node button");
        await Expect(tab.Page.Locator(".holders")).ToContainTextAsync("studio");
        await tab.Page.Keyboard.PressAsync("Escape");
        await Expect(tab.Page.Locator(".holders")).ToBeHiddenAsync();

        await tab.RouteAsync("**/holders/both.txt", 404, "text/plain", "Nothing is here.");
        await tab.Page.ClickAsync("tr[data-name='both.txt'] td.node button");
        await Expect(tab.Page.Locator(".holders")).ToContainTextAsync("1 other node has it too.");
    }

    [TestMethod]
    public async Task Event_BringsTheNewList_AndLeavesTheReaderWhereTheyAre()
    {
        await using var tab = await Chromium.OpenAsync(new() { ViewportSize = new() { Width = 1000, Height = 300 } });
        var asked = new TaskCompletionSource();
        var happened = new TaskCompletionSource();
        await tab.Page.RouteAsync("**/events/**", async route =>
        {
            asked.TrySetResult();
            await happened.Task;
            await route.FulfillAsync(
                new() { ContentType = "text/event-stream", Body = "retry: 600000\n\nevent: created\ndata: {\"path\":\"/fresh.txt\"}\n\n" });
        });
        await tab.Page.RouteAsync("**/fs/?format=json", route => route.FulfillAsync(new()
        {
            ContentType = "application/json",
            Headers = new Dictionary<string, string>
            {
                ["X-Dftp-Missing"] = "nas;since=1477224426, caf%C3%A9;since=1477224426, atlas;since=1477224426;unconfirmed",
            },
            Body = """
                [{"name":"fresh.txt","type":"file","mtime":"Sun, 23 Oct 2016 12:07:06 GMT","size":9,"owner":"studio","holders":1},
                 {"name":"notes 2.txt","type":"file","mtime":"Sun, 23 Oct 2016 12:07:06 GMT","size":7,"owner":"atlas","holders":1}]
                """,
        }));
        await tab.ListAsync(Root);
        await asked.Task;
        await tab.Filter.FillAsync("t");
        await tab.Page.ClickAsync("th.size button");
        await tab.Page.ClickAsync("text=notes 2.txt");
        await Expect(tab.Page.Locator("dialog pre")).ToHaveTextAsync("two and more");

        happened.SetResult();

        await Expect(tab.Rows).ToHaveCountAsync(2);
        Assert.AreEqual("fresh.txt notes 2.txt", await tab.NamesAsync());
        await Expect(tab.Page.Locator("th.size")).ToHaveAttributeAsync("aria-sort", "descending");
        await Expect(tab.Filter).ToHaveValueAsync("t");
        await Expect(tab.Page.Locator("dialog pre")).ToHaveTextAsync("two and more");
        await Expect(tab.Page.Locator(".notice")).ToContainTextAsync("café (last seen 23 Oct 2016) are dead");
        await Expect(tab.Page.Locator(".notice"))
            .ToContainTextAsync("not shown. Not confirmed yet are the files of atlas (shown as of 23 Oct 2016).");
        StringAssert.Contains(tab.Requests.First(url => url.Contains("/events/", StringComparison.Ordinal)), "/events/?under=%2F");
    }

    // A browser has six connections per host: hidden tabs must hold none.
    [TestMethod]
    public async Task HiddenTab_HoldsNoConnection_AndCatchesUpWhenItIsVisible()
    {
        await using var tab = await Chromium.OpenAsync();
        await tab.Page.AddInitScriptAsync("""
            window.hiddenNow = false;
            Object.defineProperty(document, 'hidden', { get: () => window.hiddenNow });
            window.hide = isHidden => { window.hiddenNow = isHidden; document.dispatchEvent(new Event('visibilitychange')); };
            window.sources = [];
            const Real = EventSource;
            window.EventSource = class extends Real { constructor(url) { super(url); window.sources.push(this); } };
            """);
        var never = new TaskCompletionSource();
        await tab.Page.RouteAsync("**/events/**", _ => never.Task);
        await tab.ListAsync(Root);

        Assert.AreEqual("0", await StatesAsync());
        await tab.Page.EvaluateAsync("hide(true)");
        Assert.AreEqual("2", await StatesAsync());
        await tab.Page.RunAndWaitForRequestAsync(() => tab.Page.EvaluateAsync("hide(false)"), "**/fs/?format=json");
        Assert.AreEqual("2 0", await StatesAsync());
        never.SetResult();

        async Task<string> StatesAsync() => await tab.Page.EvaluateAsync<string>("sources.map(source => source.readyState).join(' ')");
    }

    // A node of a version without events.
    [TestMethod]
    public async Task WithoutEvents_ThePageIsWhole()
    {
        await using var tab = await Chromium.OpenAsync();
        await tab.RouteAsync("**/events/**", 404, "text/plain", "Nothing is here.");
        await tab.ListAsync(Root);

        await Expect(tab.Rows).ToHaveCountAsync(11);
        await tab.Page.WaitForFunctionAsync("performance.getEntriesByType('resource').some(entry => entry.name.includes('/events/'))");
        Assert.AreEqual(1, tab.Requests.Count(url => url.Contains("/events/", StringComparison.Ordinal)));
    }

    // If a script cannot be loaded, the plain list appears.
    [TestMethod]
    public async Task LostScript_LeavesThePlainList()
    {
        await using var tab = await Chromium.OpenAsync();
        await tab.Page.RouteAsync("**/rows.js", route => route.AbortAsync());
        await tab.Page.GotoAsync(Root.ToString());

        await Expect(tab.Page.Locator("pre")).ToBeVisibleAsync();
    }

    // WCAG 2.2, 1.4.3: "a contrast ratio of at least 4.5:1".
    [TestMethod]
    [DataRow(ColorScheme.Light, "light")]
    [DataRow(ColorScheme.Dark, "dark")]
    public async Task EveryText_HasContrast_InBothThemes(ColorScheme scheme, string name)
    {
        await using var tab = await Chromium.OpenAsync(new() { ColorScheme = scheme });
        foreach (var path in new[] { "fs/", "", "find/?name=t", "fs/#preview=notes%202.txt" })
        {
            await tab.Page.GotoAsync(new Uri(_node!.Public, path).ToString());
            if (path.StartsWith("fs/", StringComparison.Ordinal)) await Expect(tab.Page.Locator(".readme h2")).ToBeAttachedAsync();
            var poor = await tab.Page.EvaluateAsync<string[]>(PoorContrast);
            Assert.AreEqual("", string.Join('\n', poor), $"/{path}, {name}");
        }

        var background = await tab.Page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");
        Assert.AreEqual(scheme == ColorScheme.Light, background == "rgb(255, 255, 255)", background);
    }

    [TestMethod]
    [DataRow(360)]
    [DataRow(768)]
    [DataRow(1440)]
    public async Task EveryWidth_NeedsNoScrollingToTheSide(int width)
    {
        foreach (var (scheme, theme) in new[] { (ColorScheme.Light, "light"), (ColorScheme.Dark, "dark") })
        {
            await using var tab = await Chromium.OpenAsync(
                new() { ColorScheme = scheme, ViewportSize = new() { Width = width, Height = 800 } });
            foreach (var (name, path) in new[] { ("list", "fs/"), ("preview", "fs/?#preview=pixel.png"),
                ("found", "find/?name=t&type=any"), ("greeting", "") })
            {
                await tab.Page.GotoAsync(new Uri(_node!.Public, path).ToString());
                await tab.Page.WaitForLoadStateAsync(LoadState.Load);
                Assert.IsTrue(await tab.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"),
                    $"{name} at {width}");
                await tab.ShootAsync(string.Create(CultureInfo.InvariantCulture, $"{name} {width} {theme}"));
            }
        }
    }

    /// <summary>Compares every element's own text with the nearest opaque background.</summary>
    private const string PoorContrast = """
        () => {
          const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
          const rgba = colour => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
          const light = ([r, g, b]) => { const [x, y, z] = [r, g, b].map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * x + .7152 * y + .0722 * z; };
          const behind = at => { for (; at; at = at.parentElement) { const c = rgba(getComputedStyle(at).backgroundColor); if (c[3] === 255) return c; } return [255, 255, 255]; };
          const poor = [];
          for (const each of document.querySelectorAll('body *')) {
            if (![...each.childNodes].some(node => node.nodeType === 3 && node.data.trim()) || !each.checkVisibility() || each.closest(':disabled')) continue;
            const [a, b] = [light(rgba(getComputedStyle(each).color)), light(behind(each))];
            const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
            if (ratio < 4.5) poor.push(`${each.tagName}.${each.className} ${each.textContent.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
          }
          return poor;
        }
        """;
}

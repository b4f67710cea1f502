using Dftp.Tests.Http;
using Dftp.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Dftp.Tests.Browser;

/// <summary>Neither names nor contents of a peer's files may run as code of our pages.</summary>
[TestClass]
public sealed class HostileTreeTests
{
    private const string Payload = "alert(1);document.title='pwned';fetch('/fs/?stolen')";

    private static readonly string[] Names =
    [
        $"<img src=x onerror={"alert(1)"}>.txt", "\"><script>alert(1)<\\script>.txt", "'-alert(1)-'.txt", "javascript:alert(1)",
            "javascript:alert(1).txt",
        "&lt;script&gt;alert(1)&lt;.txt", "\" onmouseover=\"alert(1).txt", "data:text.html,<script>alert(1)<.txt", "a\u202Egpj.txt",
            "${alert(1)}", "{{alert(1)}}",
        "%3Cscript%3Ealert(1)%3C.txt", "__proto__", "constructor",
    ];

    private const string Readme = """
        <script>alert(1)</script> <img src=x onerror=alert(1)>
        [one](javascript:alert(1)) [two](JaVaScRiPt:alert(1)) [three](data:text/html,<script>alert(1)</script>) [four](vbscript:x)
        [five](java&#10;script:alert(1)) ![six](javascript:alert(1)) ![seven](x" onerror="alert(1)) <https://x" onclick="alert(1)>
        ![eight](http://192.0.2.1/beacon.png) [nine](http://192.0.2.1/ "x" onclick=alert(1)) `<script>alert(1)</script>`

        # <svg onload=alert(1)>

        | <img src=x onerror=alert(1)> | b |
        |--|--|
        | <iframe srcdoc="<script>alert(1)</script>"> | <a href="javascript:alert(1)">x</a> |

        > <details open ontoggle=alert(1)>
        """;

    [TestMethod]
    public async Task NamesAndReadme_AreTextOnly()
    {
        await using var site = await HttpSite.StartAsync(Tree());
        await using var tab = await Chromium.OpenAsync();
        await tab.ListAsync(site.Url("/fs/"));

        await Expect(tab.Rows).ToHaveCountAsync(Names.Length + 5);
        await Expect(tab.Page.Locator(".readme h2")).ToHaveTextAsync("<svg onload=alert(1)>");
        foreach (var name in Names) CollectionAssert.Contains(
            await tab.Rows.EvaluateAllAsync<string[]>("rows => rows.map(row => row.dataset.name)"), name);
        await Expect(tab.Page.Locator("main script, main iframe, main details, main img[onerror], [onclick], [onmouseover], [onerror]"))
            .ToHaveCountAsync(0);
        var schemes = await tab.Page.EvaluateAsync<string[]>(
            "[...new Set([...document.querySelectorAll('a')].map(a => a.protocol))].sort()");
        CollectionAssert.IsSubsetOf(schemes, new[] { "http:", "https:" });
        foreach (var name in Names.Where(name => name.EndsWith(".txt", StringComparison.Ordinal)))
        {
            await tab.Page.EvaluateAsync("name => { location.hash = '#preview=' + encodeURIComponent(name); }", name);
            await Expect(tab.Page.Locator("dialog h2")).ToHaveTextAsync(name);
        }

        await tab.Page.HoverAsync("dialog h2");
        await tab.Page.GotoAsync(site.Url("/find/?name=*&type=any&format=html").ToString());
        await Expect(tab.Page.Locator(".found tbody tr")).ToHaveCountAsync(Names.Length + 5);
        AssertUntouched(tab, await tab.Page.TitleAsync());
        Assert.IsFalse(tab.Console.Any(line => line.Contains("Content Security Policy", StringComparison.Ordinal)),
            string.Join('\n', tab.Console));
    }

    // Each of these once cost the browser minutes or gigabytes when the directory was opened.
    [TestMethod]
    [DataRow("heading")]
    [DataRow("columns")]
    [DataRow("rows")]
    public async Task ReadmeThatIsMeantToTakeLong_DoesNot(string kind)
    {
        var readme = kind switch
        {
            "heading" => "# x" + new string(' ', 400_000) + "x",
            "columns" => string.Concat(Enumerable.Repeat("a|", 80_000)) + "\n" + string.Concat(Enumerable.Repeat("-|", 80_000)) + "\nx|",
            _ => string.Concat(Enumerable.Repeat("a|", 90)) + "\n" + string.Concat(Enumerable.Repeat("-|", 90))
                + string.Concat(Enumerable.Repeat("\n|", 100_000)),
        };
        await using var site = await HttpSite.StartAsync(new MemoryFileTree().File("/README.md", readme + "\n\nend of it"));
        await using var tab = await Chromium.OpenAsync();

        await tab.ListAsync(site.Url("/fs/"));

        await Expect(tab.Page.Locator(".readme")).ToContainTextAsync("end of it");
    }

    // A name may be a directory; the search page repeats the query; an error page repeats the path.
    [TestMethod]
    [DataRow("/fs/%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E/")]
    [DataRow("/find/?name=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&under=%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E&node=%3Cb%3E&larger=%22onclick=")]
    [DataRow("/fs/%3Cscript%3Ealert(1)%3C%2Fscript%3E")]
    [DataRow("/fs/#preview=%3Cimg%20src=x%20onerror=alert(1)%3E")]
    [DataRow("/fs/?sort=__proto__&order=constructor")]
    [DataRow("/fs/?archive=%3Cscript%3Ealert(1)%3C/script%3E")]
    public async Task WhatAUrlSays_IsTextOnly(string target)
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree().File("/<img src=x onerror=alert(1)>/x", ""));
        await using var tab = await Chromium.OpenAsync();

        await tab.Page.GotoAsync(site.Url(target).ToString());

        Assert.AreEqual(0, await tab.Page.Locator("img[onerror], body script").CountAsync());
        AssertUntouched(tab, await tab.Page.TitleAsync());
    }

    // Documents of the tree are shown without scripts and with an opaque origin.
    [TestMethod]
    [DataRow("evil.html")]
    [DataRow("evil.svg")]
    [DataRow("evil.xhtml")]
    [DataRow("evil.xml")]
    public async Task Document_RunsNothing(string name)
    {
        await using var site = await HttpSite.StartAsync(Tree());
        await using var tab = await Chromium.OpenAsync();

        var response = await tab.Page.GotoAsync(site.Url("/fs/" + name).ToString());

        Assert.AreEqual("nosniff", await response!.HeaderValueAsync("x-content-type-options"));
        Assert.AreEqual("sandbox", await response.HeaderValueAsync("content-security-policy"));
        AssertUntouched(tab, await tab.Page.TitleAsync());
        Assert.IsTrue(tab.Console.Any(line => line.Contains("Blocked script execution", StringComparison.Ordinal)),
            string.Join('\n', tab.Console));
    }

    [TestMethod]
    public async Task ImageWithAScript_IsAnImageInThePreview()
    {
        await using var site = await HttpSite.StartAsync(Tree());
        await using var tab = await Chromium.OpenAsync();
        await tab.ListAsync(site.Url("/fs/#preview=evil.svg"));

        await Expect(tab.Page.Locator("dialog img")).ToHaveJSPropertyAsync("naturalWidth", 9);
        AssertUntouched(tab, await tab.Page.TitleAsync());
    }

    private static MemoryFileTree Tree()
    {
        var tree = new MemoryFileTree()
            .File("/README.md", Readme)
            .File("/evil.html", $"<title>of a peer</title><script>{Payload}</script><img src=x onerror=\"{Payload}\"><script src='/fs/evil.js'></script>")
            .File("/evil.svg", $"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9' onload=\"{Payload}\"><script>{Payload}</script></svg>")
            .File("/evil.xhtml", $"<html xmlns='http://www.w3.org/1999/xhtml'><head><title>of a peer</title></head><body><script>{Payload}</script></body></html>")
            .File("/evil.xml", $"<x:script xmlns:x='http://www.w3.org/1999/xhtml'>{Payload}</x:script>");
        foreach (var name in Names) tree.File("/" + name.Replace('/', '\\'), "x");
        return tree;
    }

    private static void AssertUntouched(BrowserPage tab, string title)
    {
        Assert.AreEqual("", string.Join('\n', tab.Dialogs));
        Assert.AreNotEqual("pwned", title);
        Assert.IsFalse(tab.Requests.Any(url => url.Contains("stolen", StringComparison.Ordinal)
            || url.Contains("192.0.2.1", StringComparison.Ordinal)), string.Join('\n', tab.Requests));
    }
}

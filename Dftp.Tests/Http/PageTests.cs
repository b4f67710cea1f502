using System.Net;
using System.Text.RegularExpressions;
using Dftp.Tests.Support;

namespace Dftp.Tests.Http;

[TestClass]
public sealed partial class PageTests
{
    [TestMethod]
    [DataRow("/")]
    [DataRow("/fs/")]
    public async Task Page_LoadsOnlyFromThisNode(string target)
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree().File("/a", ""));

        using var response = await site.GetAsync(target);
        var page = await response.Content.ReadAsStringAsync();

        var policy = response.Headers.GetValues("Content-Security-Policy").Single();
        StringAssert.StartsWith(policy, "default-src 'none'; script-src 'self'; style-src 'self';");
        Assert.IsFalse(policy.Contains("unsafe", StringComparison.Ordinal));
        Assert.IsFalse(page.Contains("<style", StringComparison.Ordinal));
        Assert.IsFalse(InlineScript().IsMatch(page));
        var assets = Asset().Matches(page).Select(match => match.Value).ToList();
        Assert.AreNotEqual(0, assets.Count);
        foreach (var asset in assets)
        {
            using var served = await site.GetAsync(asset);
            Assert.AreEqual(HttpStatusCode.OK, served.StatusCode, asset);
            Assert.AreEqual("public, max-age=31536000, immutable", served.Headers.GetValues("Cache-Control").Single());
            Assert.AreEqual(served.Content.Headers.ContentLength, (await served.Content.ReadAsByteArrayAsync()).Length);
        }
    }

    // The imports of a module lead to the same version.
    [TestMethod]
    public async Task EveryImportOfAScript_IsServed()
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree());
        var assets = Asset().Matches(await site.GetTextAsync("/fs/")).Select(match => match.Value);
        var pending = new Queue<string>(assets.Where(asset => asset.EndsWith(".js", StringComparison.Ordinal)));
        var seen = new HashSet<string>();
        while (pending.TryDequeue(out var script))
        {
            if (!seen.Add(script)) continue;
            using var served = await site.GetAsync(script);
            Assert.AreEqual("text/javascript; charset=utf-8", served.Content.Headers.ContentType!.ToString(), script);
            foreach (Match import in Import().Matches(await served.Content.ReadAsStringAsync()))
            {
                pending.Enqueue(script[..(script.LastIndexOf('/') + 1)] + import.Groups[1].Value);
            }
        }

        Assert.IsTrue(seen.Count > 1);
    }

    [TestMethod]
    [DataRow("/.dftp/old/page.css", HttpStatusCode.OK)]
    [DataRow("/.dftp/old/nothing.css", HttpStatusCode.NotFound)]
    [DataRow("/.dftp/page.css", HttpStatusCode.NotFound)]
    [DataRow("/.dftp/a/b/page.css", HttpStatusCode.NotFound)]
    public async Task AssetOfAnotherVersion_IsNotCached(string target, HttpStatusCode status)
    {
        await using var site = await HttpSite.StartAsync(new MemoryFileTree());

        using var response = await site.GetAsync(target);

        Assert.AreEqual(status, response.StatusCode);
        if (status == HttpStatusCode.OK) Assert.AreEqual("no-cache", response.Headers.GetValues("Cache-Control").Single());
    }

    [GeneratedRegex("(?<=(?:href|src)=\")/\\.dftp/[^\"]+")]
    private static partial Regex Asset();

    [GeneratedRegex("<script(?![^>]* src=)")]
    private static partial Regex InlineScript();

    [GeneratedRegex("from '\\./([^']+)'")]
    private static partial Regex Import();
}

using Dftp.FileSystem;
using Dftp.Tests.Support;

namespace Dftp.Tests.Cluster.LocalFiles;

/// <summary>Many clients that request small files of another node through one node, concurrently.</summary>
[TestClass]
public sealed class ManyReadsTests
{
    private const int Files = 48, Rounds = 30;

    [TestMethod]
    public async Task EachClientGetsItsFile_WhileFilesChangeAndVanish()
    {
        await using var cluster = new TestCluster();
        var holder = await cluster.StartAsync("holder", Enumerable.Range(0, Files).Select(i => ($"{i}.txt", ContentOf(i))));
        var asked = await cluster.StartAsync("asked", []);
        await cluster.UniteAsync();

        for (var round = 0; round < Rounds; round++)
        {
            // One file changes, and one is missing for a while; all others must be unaffected.
            holder.Write("0.txt", $"round {round}");
            if (round % 2 == 0) File.Delete(Path.Combine(holder.Root, "1.txt"));
            else holder.Write("1.txt", ContentOf(1));
            var answers = await Task.WhenAll(Enumerable.Range(0, Files).Select(i => GetAsync(asked, i)));

            StringAssert.Matches(answers[0], new(@"^200 (round \d+|0 0 0.*)$", System.Text.RegularExpressions.RegexOptions.Singleline));
            Assert.IsTrue(answers[1] == "200 " + ContentOf(1) || answers[1].StartsWith("404 ", StringComparison.Ordinal), answers[1]);
            for (var i = 2; i < Files; i++) Assert.AreEqual("200 " + ContentOf(i), answers[i]);
        }
    }

    [TestMethod]
    public async Task HolderThatStops_IsReportedAsAway_AndTheOtherHolderServesItsFiles()
    {
        await using var cluster = new TestCluster();
        var files = Enumerable.Range(0, Files).Select(i => ($"{i}.txt", ContentOf(i))).ToList();
        var first = await cluster.StartAsync("first", files);
        var second = await cluster.StartAsync("second", []);
        foreach (var (path, content) in files.Take(Files / 2)) second.Write(path, content);
        foreach (var (path, _) in files.Take(Files / 2))
            File.SetLastWriteTimeUtc(Path.Combine(second.Root, path), File.GetLastWriteTimeUtc(Path.Combine(first.Root, path)));
        var asked = await cluster.StartAsync("asked", []);
        await cluster.UniteAsync();
        await Eventually.TrueAsync(
            () => files.Take(Files / 2).All(file => asked.Tree.Snapshot.TryFind(VirtualPath.Parse("/" + file.Item1), out var entry) && entry.HolderCount == 2),
            "half of the files have two holders");
        var reading = Enumerable.Range(0, 10 * Files).Select(i => GetAsync(asked, i % Files)).ToList();

        await first.KillAsync();

        var answers = await Task.WhenAll(reading);
        for (var i = 0; i < answers.Length; i++)
        {
            var isWhole = answers[i] == "200 " + ContentOf(i % Files);
            Assert.IsTrue(isWhole || (i % Files >= Files / 2 && answers[i][..4] is "503 " or "404 " or "502 "), answers[i]);
        }
    }

    private static string ContentOf(int file) => string.Join(' ', Enumerable.Repeat(file, 1000));

    private static async Task<string> GetAsync(TestNode node, int file)
    {
        using var response = await TestCluster.Http.GetAsync(new Uri(node.Public, $"/fs/{file}.txt"));
        return $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}";
    }
}

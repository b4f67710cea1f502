using System.Globalization;
using System.Text.Json;
using Dftp.Tests.Scenarios.Support;

namespace Dftp.Tests.Scenarios;

/// <summary>The built program on disks that appear, disappear and fail at run time.</summary>
[TestClass]
[TestCategory("Namespaces")]
public sealed class DiskFaultTests
{
    private const int Files = 400;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    // inotify reports no mounts: only the mount table shows what is mounted over a directory, or unmounted.
    [TestMethod]
    [Timeout(300_000)]
    public async Task DisksAndBoundDirectoriesInsideTheRoot_AreSeenWithoutARescan()
    {
        await using var cluster = await HostCluster.CreateAsync("disk", "other");
        var root = cluster.RootOf("disk");
        Directory.CreateDirectory(Path.Combine(root, "mem"));
        Directory.CreateDirectory(Path.Combine(root, "bound"));
        File.WriteAllText(Path.Combine(root, "mem", "covered"), "1");
        await cluster.StartAllAsync();
        var own = cluster.Node("disk");

        await MountAsync(own, "-t", "tmpfs", "none", $"{root}/mem");
        await cluster.MissesAsync("other", "mem/covered", Limit);
        await InsideAsync(own, "sh", "-c", $"mkdir {root}/mem/sub && echo 1 > {root}/mem/sub/f");
        await cluster.SeesAsync("other", "mem/sub/f", Limit);
        Assert.AreEqual("", await MissingAsync(cluster, "other", "mem/"));

        // The same directory at two places: changes are reported for both.
        await MountAsync(own, "--bind", $"{root}/mem/sub", $"{root}/bound");
        await cluster.SeesAsync("other", "bound/f", Limit);
        await InsideAsync(own, "sh", "-c", $"echo 1 > {root}/bound/g");
        await cluster.SeesAsync("other", "bound/g", Limit);
        await cluster.SeesAsync("other", "mem/sub/g", Limit);
        await UnmountAsync(own, $"{root}/bound");
        await Eventually.EqualAsync(true, async () => (await MissingAsync(cluster, "other", "bound/"))
            .Contains(";path=/bound", StringComparison.Ordinal), Limit, "it is missed");

        // The covered directory is not empty: its files reappear.
        await UnmountAsync(own, $"{root}/mem");
        await cluster.SeesAsync("other", "mem/covered", Limit);
        await cluster.MissesAsync("other", "mem/sub/f", Limit);
    }

    [TestMethod]
    [Timeout(300_000)]
    public async Task DirectoryOfABrokenDisk_KeepsItsFilesAtAllNodes_AndSaysThatTheyAreUnconfirmed()
    {
        ProgramTools.Require("mkfs.ext4", "debugfs", "losetup");
        await using var cluster = await HostCluster.CreateAsync("disk", "other");
        var (root, image) = (cluster.RootOf("disk"), cluster.Fetched("image"));
        Directory.CreateDirectory(Path.Combine(root, "usb"));
        await cluster.StartAllAsync();
        var own = cluster.Node("disk");
        await MakeDiskAsync(own, image);
        await MountAsync(own, "-o", "loop", image, $"{root}/usb");
        await cluster.SeesAsync("other", $"usb/bad/file-with-a-rather-long-name-{Files}", Limit);
        await cluster.SeesAsync("other", "usb/good/g", Limit);
        var paths = await cluster.PathsAsync("other");
        Assert.AreEqual(200, await RequireAsync(cluster, "other", ""));

        await UnmountAsync(own, $"{root}/usb");
        await Eventually.EqualAsync(true, async () => (await MissingAsync(cluster, "other", ""))
            .Contains(";path=/usb", StringComparison.Ordinal), Limit, "the disk is missed");
        await cluster.ServesAsync("other", paths, Limit);

        var blocks = await BreakAsync(own, image, "bad");
        await MountAsync(own, "-o", "loop", image, $"{root}/usb");
        foreach (var host in new[] { "disk", "other" })
        {
            await Eventually.EqualAsync(
                true, async () => (await MissingAsync(cluster, host, "usb/bad/"))
                    .EndsWith(";unconfirmed;path=/usb/bad", StringComparison.Ordinal), Limit, $"{host} says what it does not know");
            Assert.AreEqual(503, await RequireAsync(cluster, host, ""));
            Assert.AreEqual(503, await RequireAsync(cluster, host, "usb/bad/"));
            Assert.AreEqual(200, await RequireAsync(cluster, host, "usb/good/"));
            await cluster.ServesAsync(host, paths, Limit);
        }

        using (var status = JsonDocument.Parse(await cluster.CurlAsync("disk", "http://localhost:7041/status/")))
        {
            var place = status.RootElement.GetProperty("scan").GetProperty("unreadable").EnumerateArray().Single();
            Assert.AreEqual("/usb/bad", place.GetProperty("path").GetString());
        }

        Assert.AreEqual(1, own.Log.Split("/usb/bad cannot be read").Length - 1, "once in the log");
        await UnmountAsync(own, $"{root}/usb");
        await MendAsync(image, blocks);
        await MountAsync(own, "-o", "loop", image, $"{root}/usb");
        await Eventually.EqualAsync("", () => MissingAsync(cluster, "other", ""), Limit, "all is confirmed");
        await cluster.ServesAsync("other", paths, Limit);
        await UnmountAsync(own, $"{root}/usb");
    }

    private static async Task MakeDiskAsync(DftpNode node, string image)
    {
        // Blocks of 1 KiB: a directory of many files has several.
        var script = $"""
            truncate -s 16M {image} && mkfs.ext4 -q -F -b 1024 {image} && mkdir {image}.dir && mount -o loop {image} {image}.dir || exit 9
            cd {image}.dir && mkdir bad good && echo 1 > good/g && for i in $(seq {Files}); do echo $i > bad/file-with-a-rather-long-name-$i; done
            cd / && umount {image}.dir
            """;
        await InsideAsync(node, "sh", "-c", script);
    }

    /// <summary>Overwrites all blocks of a directory but the first ones.</summary>
    /// <returns>What was there.</returns>
    private static async Task<IReadOnlyList<(long At, byte[] Was)>> BreakAsync(DftpNode node, string image, string directory)
    {
        var listed = await InsideAsync(node, "debugfs", "-R", $"blocks /{directory}", image);
        var broken = new List<(long At, byte[] Was)>();
        await using var disk = File.Open(image, FileMode.Open);
        foreach (var block in listed.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(text => text.Length > 0).Skip(2))
        {
            var (at, was) = (1024 * long.Parse(block, CultureInfo.InvariantCulture), new byte[1024]);
            disk.Position = at;
            disk.ReadExactly(was);
            disk.Position = at;
            disk.Write(Enumerable.Repeat((byte)0xa5, was.Length).ToArray());
            broken.Add((at, was));
        }

        Assert.IsTrue(broken.Count > 2, listed);
        return broken;
    }

    private static async Task MendAsync(string image, IReadOnlyList<(long At, byte[] Was)> blocks)
    {
        await using var disk = File.Open(image, FileMode.Open);
        foreach (var (at, was) in blocks)
        {
            disk.Position = at;
            disk.Write(was);
        }
    }

    private static async Task MountAsync(DftpNode node, params string[] arguments)
    {
        try
        {
            await InsideAsync(node, ["mount", .. arguments]);
        }
        catch (AssertFailedException failure) when (failure.Message.Contains("loop", StringComparison.Ordinal)
            || failure.Message.Contains("ermission", StringComparison.Ordinal))
        {
            ProgramTools.SkipOrFail($"nothing can be mounted here: {failure.Message}");
        }
    }

    /// <summary>Runs a program in the node's mount namespace; the mounts end with it.</summary>
    private static async Task<string> InsideAsync(DftpNode node, params string[] command) =>
        (await ExternalProgram.RunAsync(Limit,
            ["nsenter", "--target", node.Id.ToString(CultureInfo.InvariantCulture), "--mount", .. command])).OutputIfDone();

    /// <summary>A file that the node has just read stays open for some seconds and keeps the disk busy.</summary>
    private static Task UnmountAsync(DftpNode node, string directory) => Eventually.EqualAsync(
        0,
        async () => (await ExternalProgram.RunAsync(
            Limit, "nsenter", "--target", node.Id.ToString(CultureInfo.InvariantCulture), "--mount", "umount", directory)).ExitCode,
        Limit,
        $"{directory} is unmounted");

    private static async Task<string> MissingAsync(HostCluster cluster, string host, string path)
    {
        var head = await cluster.CurlAsync(host, "--head", $"http://localhost:7040/fs/{path}");
        return head.Split("\r\n")
            .FirstOrDefault(line =>
            line.StartsWith("X-Dftp-Missing: ", StringComparison.OrdinalIgnoreCase))?["X-Dftp-Missing: ".Length..] ?? "";
    }

    private static async Task<int> RequireAsync(HostCluster cluster, string host, string path) => int.Parse(
        (await cluster.Host(host).RunAsync(
            Limit, "curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "--max-time", "10",
                $"http://localhost:7040/fs/{path}?require=complete")).Output,
        CultureInfo.InvariantCulture);
}

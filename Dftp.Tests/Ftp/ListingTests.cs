using System.Text;
using Dftp.Cluster.Index;
using Dftp.FileSystem;
using Dftp.Tests.Support;

namespace Dftp.Tests.Ftp;

[TestClass]
public sealed class ListingTests
{
    private static MemoryFileTree Sample() => new MemoryFileTree()
        .File("/a.txt", "abc", UnixTime.FromSeconds(1_716_000_000))
        .File("/b.log", "", UnixTime.FromSeconds(1_477_224_426))
        .File("/-odd", "1", UnixTime.FromSeconds(1_716_000_000))
        .File("/[x].txt", "12", UnixTime.FromSeconds(1_716_000_000))
        .File("/sub/c.txt", "1234", UnixTime.FromSeconds(1_716_000_000))
        .File("/sub/deep/d é.txt", "12345", UnixTime.FromSeconds(1_716_000_000))
        .Directory("/sub/empty", UnixTime.FromSeconds(1_716_000_000));

    [TestMethod]
    public async Task List_IsAnLsOfTheDirectory()
    {
        await using var host = await FtpHost.StartAsync(Sample(), time: new Year2024());
        using var client = await host.LogInAsync();
        CollectionAssert.AreEqual(
            new[]
            {
                "drwxr-xr-x   1 ftp      ftp                 9 May 18 02:40 sub",
                "-rw-r--r--   1 ftp      ftp                 1 May 18 02:40 -odd",
                "-rw-r--r--   1 ftp      ftp                 2 May 18 02:40 [x].txt",
                "-rw-r--r--   1 ftp      ftp                 3 May 18 02:40 a.txt",
                "-rw-r--r--   1 ftp      ftp                 0 Oct 23  2016 b.log",
            },
            await client.FetchLinesAsync("LIST"));
    }

    // -a -l -la are options, unless an entry has that name.
    [TestMethod]
    [DataRow("LIST -a", 5)]
    [DataRow("LIST -la", 5)]
    [DataRow("LIST -l -a", 5)]
    [DataRow("LIST -1 ", 5)]
    [DataRow("LIST -la sub", 3)]
    [DataRow("LIST sub", 3)]
    [DataRow("LIST sub/", 3)]
    [DataRow("LIST /sub", 3)]
    [DataRow("LIST -d sub", 1)]
    [DataRow("LIST -d", 1)]
    [DataRow("LIST -odd", 1)]
    [DataRow("LIST a.txt", 1)]
    [DataRow("LIST *.txt", 2)]
    [DataRow("LIST sub/*", 3)]
    [DataRow("LIST ?.*", 2)]
    [DataRow("LIST [ab].*", 2)]
    [DataRow("LIST [!a].*", 1)]
    [DataRow("LIST [x].txt", 1)]
    [DataRow("LIST -l *.log", 1)]
    [DataRow("LIST *.none", 0)]
    [DataRow("LIST sub/empty", 0)]
    public async Task List_AcceptsOptionsNamesAndPatterns(string command, int lines)
    {
        await using var host = await FtpHost.StartAsync(Sample());
        using var client = await host.LogInAsync();
        Assert.AreEqual(lines, (await client.FetchLinesAsync(command)).Length);
    }

    [TestMethod]
    public async Task List_OfAFile_ListsThatFile()
    {
        await using var host = await FtpHost.StartAsync(Sample());
        using var client = await host.LogInAsync();
        StringAssert.EndsWith((await client.FetchLinesAsync("LIST sub/c.txt")).Single(), " c.txt");
    }

    [TestMethod]
    public async Task List_Recursive_IsAnLsLR()
    {
        await using var host = await FtpHost.StartAsync(Sample(), time: new Year2024());
        using var client = await host.LogInAsync();
        await client.ExpectAsync(250, "CWD sub");
        CollectionAssert.AreEqual(
            new[]
            {
                ".:",
                "drwxr-xr-x   1 ftp      ftp                 5 May 18 02:40 deep",
                "drwxr-xr-x   1 ftp      ftp                 0 May 18 02:40 empty",
                "-rw-r--r--   1 ftp      ftp                 4 May 18 02:40 c.txt",
                "",
                "./deep:",
                "-rw-r--r--   1 ftp      ftp                 5 May 18 02:40 d é.txt",
                "",
                "./empty:",
            },
            await client.FetchLinesAsync("LIST -lR"));
    }

    // RFC 1123, section 4.1.2.7: names "such that the server can use them directly as the arguments of subsequent data transfer
    // commands".
    [TestMethod]
    [DataRow("NLST", "sub,-odd,[x].txt,a.txt,b.log")]
    [DataRow("NLST -a", "sub,-odd,[x].txt,a.txt,b.log")]
    [DataRow("NLST sub", "sub/deep,sub/empty,sub/c.txt")]
    [DataRow("NLST /sub/", "/sub/deep,/sub/empty,/sub/c.txt")]
    [DataRow("NLST sub/*.txt", "sub/c.txt")]
    [DataRow("NLST sub/c.txt", "sub/c.txt")]
    [DataRow("NLST *.txt", "[x].txt,a.txt")]
    [DataRow("NLST -R sub", "sub/deep,sub/empty,sub/c.txt,sub/deep/d é.txt")]
    public async Task Nlst_GivesPathsThatRetrAccepts(string command, string expected)
    {
        await using var host = await FtpHost.StartAsync(Sample());
        using var client = await host.LogInAsync();
        var names = await client.FetchLinesAsync(command);
        Assert.AreEqual(expected, string.Join(',', names));
        foreach (var name in names.Where(name => name.EndsWith(".txt", StringComparison.Ordinal))) await client.FetchAsync($"RETR {name}");
    }

    // RFC 3659, section 7.2: "fact=value;...; SP name".
    [TestMethod]
    public async Task Mlsd_GivesFactsAndNames()
    {
        await using var host = await FtpHost.StartAsync(Sample());
        using var client = await host.LogInAsync();
        var lines = await client.FetchLinesAsync("MLSD sub");
        Assert.AreEqual(3, lines.Length);
        StringAssert.Matches(lines[0], new("^type=dir;size=5;modify=20240518024000;perm=el;unique=[0-9a-f]{16};UNIX.mode=0755; deep$"));
        StringAssert.Matches(lines[2], new("^type=file;size=4;modify=20240518024000;perm=r;unique=[0-9a-f]{16};UNIX.mode=0644; c.txt$"));
        var single = (await client.SendAsync("MLST sub/c.txt")).Split('\n')[1];
        Assert.AreEqual(lines[2].Split(' ')[0], single.Trim().Split(' ')[0], "MLST and MLSD tell the same facts");
        Assert.AreEqual(3, lines.Select(line => line.Split("unique=")[1][..16]).Distinct().Count());
    }

    // RFC 3659, section 7.2.1: MLSD is for directories; something else is 501.
    [TestMethod]
    public async Task Mlsd_OfAFileIs501_OfNothing550()
    {
        await using var host = await FtpHost.StartAsync(Sample());
        using var client = await host.LogInAsync();
        await client.ExpectAsync(227, "PASV");
        await client.ExpectAsync(501, "MLSD a.txt");
        await client.ExpectAsync(550, "MLSD none");
        await client.ExpectAsync(550, "MLSD *.txt");
    }

    [TestMethod]
    public async Task List_OfTenThousandEntries_IsComplete()
    {
        await using var host = await FtpHost.StartAsync(new ManyEntries(10_000));
        using var client = await host.LogInAsync();
        Assert.AreEqual(10_000, (await client.FetchLinesAsync("LIST")).Length);
        Assert.AreEqual(10_000, (await client.FetchLinesAsync("MLSD")).Length);
        Assert.AreEqual(10_002, (await client.SendAsync("STAT /")).Split('\n').Length);
    }

    [TestMethod]
    public async Task List_TakesOneSnapshot()
    {
        var tree = new ManyEntries(10);
        await using var host = await FtpHost.StartAsync(tree);
        using var client = await host.LogInAsync();
        var before = tree.SnapshotsTaken;
        await client.FetchLinesAsync("LIST");
        Assert.AreEqual(before + 1, tree.SnapshotsTaken);
    }

    /// <summary>A clock with a fixed date and running timers.</summary>
    private sealed class Year2024 : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2024, 6, 1, 12, 0, 0, TimeSpan.Zero);
    }

    /// <summary>One directory with many files.</summary>
    private sealed class ManyEntries(int count) : SynchronousSnapshot, ITestTree
    {
        private readonly Entry[] _entries =
        [
            .. Enumerable.Range(0, count).Select(index => new Entry(
                Encoding.UTF8.GetBytes($"a file with a longer name, number {index:D6}.bin"),
                false,
                index,
                MemoryFileTree.DefaultTime,
                0b110_100_100,
                MemoryFileTree.Node)),
        ];

        public int SnapshotsTaken { get; private set; }

        public ITreeSnapshot Snapshot
        {
            get
            {
                SnapshotsTaken++;
                return this;
            }
        }

        public IReadOnlyList<NodeSummary> Nodes => [];

        public override TreeTotals TotalsOf(VirtualPath path) => default;

        public override bool TryFind(VirtualPath path, out Entry entry)
        {
            entry = new Entry(default, true, 0, MemoryFileTree.DefaultTime, 0b111_101_101, MemoryFileTree.Node);
            return path.IsRoot;
        }

        public override IEnumerable<Entry> List(VirtualPath directory) => _entries;

        public override IEnumerable<WalkEntry> Walk(VirtualPath directory) => _entries.Select(entry => new WalkEntry(directory, entry));

        public ValueTask<OpenResult> OpenAsync(VirtualPath path, Entry file, RangeSpec part, CancellationToken cancellationToken) =>
            new(OpenResult.Failed(FileErrorKind.NotFound, "nothing is there"));
    }
}

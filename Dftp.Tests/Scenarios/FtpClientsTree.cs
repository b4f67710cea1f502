using System.Globalization;
using Dftp.Tests.Node;

namespace Dftp.Tests.Scenarios;

/// <summary>A directory that clients find hard: names, dates, empty directories, many entries, a large file. And places for copies of it.</summary>
internal sealed class FtpClientsTree : IDisposable
{
    public const int ManyEntries = 10_000;

    private readonly TemporaryDirectory _folder = new();
    private int _copies;

    public FtpClientsTree()
    {
        Directory.CreateDirectory(Empty);
        Directory.CreateDirectory(Path.Combine(Source, "empty"));
        Directory.CreateDirectory(Path.Combine(Source, "names", "an empty one"));
        Big = new byte[24 * 1024 * 1024];
        new Random(24).NextBytes(Big);
        Write("big.bin", Big, "2024-02-29T23:59:59Z");
        Write("plain/text.txt", "one\ntwo\r\nthree"u8, "2016-10-23T12:07:06Z");
        Write("plain/nothing", [], "1999-12-31T23:59:59Z");
        Write("plain/deep/er/file", "deep"u8, "2001-09-09T01:46:40Z");
        var number = 0;
        foreach (var name in new[] { "with space", "two  spaces", "ünï ☃ 文", "per%20cent", "#hash", "semi;colon=x", "quo\"te's", "-dash", "$(dollar) & co", "dot.", ".hidden", "[br]ackets", "a\\b" })
        {
            Write($"names/{name}/{name}", new[] { (byte)number }, string.Create(CultureInfo.InvariantCulture, $"2010-03-28T02:30:{number++:00}Z"));
        }

        Write("names/future", "x"u8, "2037-01-01T00:00:00Z");
        for (var entry = 0; entry < ManyEntries; entry++)
        {
            Write(string.Create(CultureInfo.InvariantCulture, $"many/{entry:00000}"), new[] { (byte)entry }, "2020-01-01T00:00:00Z");
        }
    }

    public byte[] Big { get; }

    public string Source => Path.Combine(_folder.Path, "source");

    /// <summary>The root of a node that holds nothing.</summary>
    public string Empty => Path.Combine(_folder.Path, "nothing");

    /// <summary>A new, empty directory.</summary>
    public string NewCopy() => Directory.CreateDirectory(Path.Combine(_folder.Path, $"copy{++_copies}")).FullName;

    /// <summary>Compares names, contents and, where clients keep them, times by the second.</summary>
    public void AssertIsCopied(string part, string copy, bool withTimes = true, params string[] except)
    {
        var expected = Describe(Path.Combine(Source, part), withTimes, except);
        Assert.AreNotEqual(0, expected.Length);
        var actual = Describe(copy, withTimes, []);
        Assert.AreEqual(string.Join('\n', expected), string.Join('\n', actual));
    }

    public void AssertIsBig(string file, int from = 0, int? to = null) =>
        Assert.IsTrue(File.ReadAllBytes(file).AsSpan().SequenceEqual(Big.AsSpan()[from..(to ?? Big.Length)]), file);

    public void Dispose() => _folder.Dispose();

    private static string[] Describe(string root, bool withTimes, string[] except) =>
    [
        .. new DirectoryInfo(root).EnumerateFileSystemInfos("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Select(info => (Info: info, Name: Path.GetRelativePath(root, info.FullName)))
            .Where(item => !except.Contains(item.Name.Split('/')[0]))
            .Select(item => item.Info is FileInfo file ? $"{item.Name} {Content(file)}{(withTimes ? Time(file) : "")}" : item.Name + "/")
            .Order(StringComparer.Ordinal),
    ];

    private static string Content(FileInfo file) => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file.FullName)))[..16];

    private static string Time(FileInfo file) => file.LastWriteTimeUtc.ToString(" yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private void Write(string path, ReadOnlySpan<byte> content, string time)
    {
        var file = Path.Combine(Source, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, content);
        File.SetLastWriteTimeUtc(file, DateTimeOffset.Parse(time, CultureInfo.InvariantCulture).UtcDateTime);
    }
}

using Dftp.Tests.Node;

namespace Dftp.Tests.Scenarios.Support;

/// <summary>The two directories of the original program's example, with contents.</summary>
internal sealed class ExampleTrees : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public ExampleTrees()
    {
        Write(Storage, "test.txt", "This is a text file\n"u8);
        Write(Storage, "somedir/a.txt", "a\n"u8);
        Write(Storage, "somedir/g.gif", "GIF89a"u8);
        Write(Data, "megafile.tar.gz", MegaFile);
        Write(Data, "somedir/c.jpg", [0xff, 0xd8, 0xff]);
        Write(Data, "somedir/nested/zzz.bak", []);
    }

    /// <summary>The sorted answer of /find/ when both form one tree.</summary>
    public const string AllPaths = "/megafile.tar.gz /somedir/a.txt /somedir/c.jpg /somedir/g.gif /somedir/nested/zzz.bak /test.txt";

    public const string StoragePaths = "/somedir/a.txt /somedir/g.gif /test.txt";

    public const string DataPaths = "/megafile.tar.gz /somedir/c.jpg /somedir/nested/zzz.bak";

    public string Storage => Path.Combine(_folder.Path, "storage");

    public string Data => Path.Combine(_folder.Path, "data");

    public byte[] MegaFile { get; } = MakeMegaFile();

    /// <summary>A directory for downloads of a test.</summary>
    public string Fetched(string name) => Path.Combine(_folder.Path, name);

    public void Dispose() => _folder.Dispose();

    private static byte[] MakeMegaFile()
    {
        var bytes = new byte[3_000_000];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    private static void Write(string root, string path, ReadOnlySpan<byte> content)
    {
        var file = Path.Combine(root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, content);
    }
}

using System.Runtime.InteropServices;
using System.Text;
using Dftp.Cluster.LocalFiles;
using Dftp.FileSystem;

namespace Dftp.Tests.Cluster.LocalFiles;

/// <summary>A temporary directory with a root directory in it, and methods that create difficult entries there.</summary>
internal sealed partial class TempRoot : IDisposable
{
    public static readonly NodeName Node = NodeName.Parse("here");

    private readonly DirectoryInfo _around = Directory.CreateTempSubdirectory("dftp-test-");

    public TempRoot() => Directory.CreateDirectory(Root);

    /// <summary>The directory that a node serves.</summary>
    public string Root => Path.Join(_around.FullName, "root");

    public string At(string relative) => Path.Join(Root, relative);

    /// <summary>A path outside the root, beside it.</summary>
    public string Outside(string relative) => Path.Join(_around.FullName, relative);

    public TempRoot File(string relative, string text = "")
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(relative))!);
        System.IO.File.WriteAllText(At(relative), text);
        return this;
    }

    public TempRoot OutsideFile(string relative, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Outside(relative))!);
        System.IO.File.WriteAllText(Outside(relative), text);
        return this;
    }

    public TempRoot Dir(string relative)
    {
        Directory.CreateDirectory(At(relative));
        return this;
    }

    public TempRoot Link(string relative, string target)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(relative))!);
        System.IO.File.CreateSymbolicLink(At(relative), target);
        return this;
    }

    public TempRoot Pipe(string relative) => Check(mkfifo(Bytes(At(relative)), 0b110_100_100));

    /// <summary>Creates an empty directory with a name of arbitrary bytes.</summary>
    public TempRoot RawDir(byte[] name) => Check(mkdir([.. Encoding.UTF8.GetBytes(Root), (byte)'/', .. name, 0], 0b111_101_101));

    public TempRoot RawFile(byte[] name)
    {
        const int create = 0x40;
        var fd = open([.. Encoding.UTF8.GetBytes(Root), (byte)'/', .. name, 0], create, 0b110_100_100);
        Check(fd < 0 ? -1 : 0);
        return Check(close(fd));
    }

    public static void Rename(string from, string to) => Check(rename(Bytes(from), Bytes(to)), to);

    public IEnumerable<LocalRoot> OpenBoth()
    {
        yield return LinuxRoot.TryOpen(Root, Node, default) ?? throw new AssertInconclusiveException("openat2 is not available here");
        yield return PortableRoot.Open(Root, Node, default);
    }

    public LocalRoot Open(VirtualPath mount = default) => LocalRoot.Open(Root, Node, mount);

    public void Dispose() => Remove(_around.FullName);

    // The framework cannot remove names that are not UTF-8.
    private static void Remove(string path)
    {
        using var removal = System.Diagnostics.Process.Start("rm", ["-rf", "--", path]);
        removal.WaitForExit();
    }

    private static byte[] Bytes(string path) => [.. Encoding.UTF8.GetBytes(path), 0];

    private TempRoot Check(int result)
    {
        Check(result, Root);
        return this;
    }

    private static void Check(int result, string what)
    {
        if (result != 0) throw new IOException($"{what}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mkdir(byte[] path, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mkfifo(byte[] path, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int open(byte[] path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int rename(byte[] from, byte[] to);
}

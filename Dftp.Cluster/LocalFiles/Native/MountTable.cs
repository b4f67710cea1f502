using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Cluster.LocalFiles.Native;

/// <summary>
/// The mounts that this process sees: /proc/self/mountinfo (proc(5)), for which poll(2) reports POLLPRI after each change. inotify reports
/// nothing when a file system is mounted over a directory. Not thread-safe.
/// </summary>
internal sealed class MountTable : IDisposable
{
    private const string Path = "/proc/self/mountinfo";

    /// <summary>
    /// The fields that identify a mount: its number, its parent's, the device, the directory of the device, and the mount point.
    /// </summary>
    private const int IdentifyingFields = 5;

    private HashSet<string> _known;

    private MountTable(SafeFileHandle handle)
    {
        Handle = handle;
        _known = Mounts(Read());
    }

    public SafeFileHandle Handle { get; }

    /// <returns>Null where the system has no such file.</returns>
    public static MountTable? TryOpen()
    {
        try
        {
            return new MountTable(File.OpenHandle(Path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The mount points that were added or removed since the last call.</summary>
    public IReadOnlyCollection<byte[]> TakeChanges()
    {
        var now = Mounts(Read());
        var changes = Changes(_known, now);
        _known = now;
        return changes;
    }

    public void Dispose() => Handle.Dispose();

    /// <summary>The mounts in the lines of the file, each reduced to its identifying fields.</summary>
    public static HashSet<string> Mounts(string lines) =>
        [.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => string.Join(' ', line.Split(' ').Take(IdentifyingFields)))];

    /// <summary>The mount points, as absolute paths, of the mounts that are in only one of two tables.</summary>
    public static IReadOnlyCollection<byte[]> Changes(HashSet<string> before, HashSet<string> after) =>
        [.. before.Except(after).Concat(after.Except(before))
            .Select(mount => mount[(mount.LastIndexOf(' ') + 1)..]).Distinct().Select(Unescape)];

    /// <summary>
    /// Decodes a path, in which spaces, tabs, line feeds and backslashes are written as a backslash and three octal digits.
    /// </summary>
    private static byte[] Unescape(string text)
    {
        var path = new List<byte>(text.Length);
        for (var index = 0; index < text.Length; index++)
        {
            if (text[index] != '\\' || index + 3 >= text.Length)
            {
                path.Add((byte)text[index]);
                continue;
            }

            path.Add((byte)(((text[index + 1] - '0') << 6) | ((text[index + 2] - '0') << 3) | (text[index + 3] - '0')));
            index += 3;
        }

        return [.. path];
    }

    private string Read()
    {
        using var lines = new MemoryStream();
        var buffer = new byte[64 * 1024];
        for (int read; (read = RandomAccess.Read(Handle, buffer, lines.Length)) > 0;) lines.Write(buffer, 0, read);
        // One character per byte: names need not be UTF-8.
        return Encoding.Latin1.GetString(lines.GetBuffer(), 0, (int)lines.Length);
    }
}

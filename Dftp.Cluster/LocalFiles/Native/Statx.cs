using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles.Native;

/// <summary>statx(2), Linux 4.11: the status of a path or an open file.</summary>
internal static unsafe partial class Statx
{
    private const int AtSymlinkNoFollow = 0x100;
    private const int AtEmptyPath = 0x1000;

    // Type, mode, links, modification and change time, inode, size and birth time; the device is always filled in.
    private const uint Mask = 0x1 | 0x2 | 0x4 | 0x40 | 0x80 | 0x100 | 0x200 | Birth;

    private const uint Birth = 0x800;

    /// <summary>The status of an entry of an open directory; symlinks are not followed.</summary>
    /// <param name="directory">A descriptor that stays open during the call.</param>
    /// <param name="terminatedName">The name and a NUL.</param>
    /// <param name="status">The result.</param>
    /// <returns>0 or an error number.</returns>
    public static int Entry(int directory, byte* terminatedName, out FileStatus status) =>
        Get(directory, terminatedName, AtSymlinkNoFollow, out status);

    /// <summary>The status of an open file, including one opened by O_PATH.</summary>
    /// <returns>0 or an error number.</returns>
    public static int Handle(SafeHandle file, out FileStatus status) => Get(file, [0], AtEmptyPath, out status);

    /// <summary>The status of what is at a path now; symlinks are followed wherever they lead.</summary>
    /// <param name="directory">The directory to which the path is relative.</param>
    /// <param name="terminatedPath">The path and a NUL.</param>
    /// <param name="status">The result.</param>
    /// <returns>0 or an error number.</returns>
    public static int Path(SafeHandle directory, ReadOnlySpan<byte> terminatedPath, out FileStatus status) =>
        Get(directory, terminatedPath, 0, out status);

    private static int Get(SafeHandle directory, ReadOnlySpan<byte> terminatedPath, int flags, out FileStatus status)
    {
        var held = false;
        try
        {
            directory.DangerousAddRef(ref held);
            fixed (byte* path = terminatedPath) return Get((int)directory.DangerousGetHandle(), path, flags, out status);
        }
        finally
        {
            if (held) directory.DangerousRelease();
        }
    }

    [SkipLocalsInit]
    private static int Get(int directory, byte* path, int flags, out FileStatus status)
    {
        Buffer buffer;
        if (Call(directory, path, flags, Mask, &buffer) != 0)
        {
            status = default;
            return Marshal.GetLastPInvokeError();
        }

        status = new FileStatus(
            buffer.Mode,
            (long)buffer.Size,
            UnixTime.FromSeconds(buffer.ModifiedSeconds, (int)buffer.ModifiedNanoseconds),
            ((ulong)buffer.DeviceMajor << 32) | buffer.DeviceMinor,
            buffer.Inode,
            buffer.Links,
            UnixTime.FromSeconds(buffer.ChangedSeconds, (int)buffer.ChangedNanoseconds),
            (buffer.Filled & Birth) != 0 ? UnixTime.FromSeconds(buffer.BornSeconds, (int)buffer.BornNanoseconds) : default);
        return 0;
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static partial int Call(int directory, byte* path, int flags, uint mask, Buffer* buffer);

    /// <summary>The fields of struct statx that are used here.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Buffer
    {
        [FieldOffset(0)] public uint Filled;
        [FieldOffset(16)] public uint Links;
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(32)] public ulong Inode;
        [FieldOffset(40)] public ulong Size;
        [FieldOffset(80)] public long BornSeconds;
        [FieldOffset(88)] public uint BornNanoseconds;
        [FieldOffset(96)] public long ChangedSeconds;
        [FieldOffset(104)] public uint ChangedNanoseconds;
        [FieldOffset(112)] public long ModifiedSeconds;
        [FieldOffset(120)] public uint ModifiedNanoseconds;
        [FieldOffset(136)] public uint DeviceMajor;
        [FieldOffset(140)] public uint DeviceMinor;
    }
}

/// <summary>The part of a file's status that this product uses.</summary>
/// <param name="Mode">st_mode: type and permission bits.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Modified">The modification time.</param>
/// <param name="Device">The file system's device.</param>
/// <param name="Inode">The inode number in its file system.</param>
/// <param name="Links">The number of names; 0 once the file was removed.</param>
/// <param name="Changed">st_ctime: the last change of content, permissions, owner or names.</param>
/// <param name="Born">The time of birth, independent of the file's names; default where the file system does not record it.</param>
internal readonly record struct FileStatus(
    int Mode, long Size, UnixTime Modified, ulong Device, ulong Inode, uint Links, UnixTime Changed, UnixTime Born = default)
{
    private const int TypeMask = 0xf000;

    public int Permissions => Mode & 0xfff;

    public bool IsRegular => (Mode & TypeMask) == 0x8000;

    public bool IsDirectory => (Mode & TypeMask) == 0x4000;

    public bool IsLink => (Mode & TypeMask) == 0xa000;
}

using System.Buffers;
using System.Runtime.InteropServices;
using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles.Native;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Cluster.LocalFiles;

/// <summary>Reads a directory by getdents64(2) and statx(2).</summary>
internal sealed unsafe class LinuxDirectoryReader(SafeFileHandle directory, FileStatus status) : DirectoryReader
{
    private const int BufferSize = 64 * 1024;

    /// <summary>Owned by the reader.</summary>
    public SafeFileHandle Handle => directory;

    public override DirectoryFacts Facts => new(status.Modified, status.Permissions);

    public override DirectoryIdentity Identity => new(status.Device, status.Inode);

    public override void Refresh()
    {
        if (Statx.Handle(directory, out var now) == 0) status = now;
    }

    public override string? Read(EntryVisitor visitor)
    {
        var fd = (int)directory.DangerousGetHandle();
        var rented = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            fixed (byte* buffer = rented)
            {
                while (true)
                {
                    var filled = GetDents.Fill(fd, buffer, rented.Length, out var errno);
                    if (filled < 0) Errno.ThrowIfShortage(errno);
                    // ENOENT: the directory was removed while it was read.
                    if (filled < 0) return errno == Errno.ENOENT ? null : Errno.Describe(errno);
                    if (filled == 0) return null;
                    for (var record = buffer; record < buffer + filled;)
                    {
                        record = GetDents.Next(record, out var type, out var name);
                        Tell(fd, type, name, visitor);
                    }
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    public override void Dispose() => directory.Dispose();

    public static EntryKind KindOf(in FileStatus status) =>
        status.IsRegular ? EntryKind.File
        : status.IsDirectory ? EntryKind.Directory
        : status.IsLink ? EntryKind.Link
        : EntryKind.Special;

    private static void Tell(int directory, byte type, byte* terminatedName, EntryVisitor visitor)
    {
        var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(terminatedName);
        if (name[0] == '.' && (name.Length == 1 || (name.Length == 2 && name[1] == '.'))) return;

        switch (type)
        {
            // Opening the directory reads its facts.
            case GetDents.TypeDirectory: visitor(name, EntryKind.Directory, default); return;
            case GetDents.TypeLink: visitor(name, EntryKind.Link, default); return;
            case GetDents.TypeRegular or GetDents.TypeUnknown: break;
            default: visitor(name, EntryKind.Special, default); return;
        }

        var errno = Statx.Entry(directory, terminatedName, out var status);
        if (errno == 0)
        {
            var kind = KindOf(status);
            visitor(name, kind, kind == EntryKind.File ? new FileFacts(status.Size, status.Modified, status.Permissions) : default);
        }
        else if (errno != Errno.ENOENT)
        {
            Errno.ThrowIfShortage(errno);
            visitor(name, Errno.IsForbidden(errno) ? EntryKind.Forbidden : EntryKind.Unreadable, default);
        }
    }
}

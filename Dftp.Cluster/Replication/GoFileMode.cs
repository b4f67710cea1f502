namespace Dftp.Cluster.Replication;

/// <summary>
/// The wire's FileMode: the nine permission bits of POSIX, and the type and special bits at their places in Go's os.FileMode
/// (https://pkg.go.dev/io/fs#FileMode).
/// </summary>
internal static class GoFileMode
{
    public const uint Directory = 1u << 31;
    public const uint Symlink = 1u << 27;
    public const uint Device = 1u << 26;
    public const uint NamedPipe = 1u << 25;
    public const uint Socket = 1u << 24;
    public const uint CharacterDevice = 1u << 21;
    public const uint Irregular = 1u << 19;

    private const uint SetUid = 1u << 23, SetGid = 1u << 22, Sticky = 1u << 20;

    /// <summary>A mode without any of these bits is a regular file.</summary>
    public const uint NotRegular = Directory | Symlink | Device | NamedPipe | Socket | CharacterDevice | Irregular;

    public static uint From(int permissions, bool isDirectory) =>
        (uint)(permissions & 0b111_111_111)
        | ((permissions & 0x800) != 0 ? SetUid : 0)
        | ((permissions & 0x400) != 0 ? SetGid : 0)
        | ((permissions & 0x200) != 0 ? Sticky : 0)
        | (isDirectory ? Directory : 0);

    public static int ToPermissions(uint mode) =>
        (int)(mode & 0b111_111_111)
        | ((mode & SetUid) != 0 ? 0x800 : 0)
        | ((mode & SetGid) != 0 ? 0x400 : 0)
        | ((mode & Sticky) != 0 ? 0x200 : 0);
}

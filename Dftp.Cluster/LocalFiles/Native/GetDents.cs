using System.Runtime.InteropServices;

namespace Dftp.Cluster.LocalFiles.Native;

/// <summary>getdents64(2): reads the entries of an open directory in batches, with names as bytes.</summary>
internal static unsafe partial class GetDents
{
    /// <summary>d_type of struct linux_dirent64.</summary>
    public const byte TypeUnknown = 0;
    public const byte TypeDirectory = 4;
    public const byte TypeRegular = 8;
    public const byte TypeLink = 10;

    // struct linux_dirent64: inode 8, offset 8, record length 2, type 1, then the name and a NUL.
    private const int LengthAt = 16;
    private const int TypeAt = 18;
    private const int NameAt = 19;

    private static readonly nint SystemCall = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 217,
        Architecture.Arm64 => 61,
        _ => 0,
    };

    /// <summary>Whether the system call's number on this process' architecture is known.</summary>
    public static bool IsSupported => SystemCall != 0;

    /// <summary>Fills the buffer with complete records.</summary>
    /// <returns>Bytes filled; 0 at the end; -1 with an error number.</returns>
    public static int Fill(int directory, byte* buffer, int size, out int errno)
    {
        var filled = Call(SystemCall, directory, buffer, (nuint)size);
        errno = filled < 0 ? Marshal.GetLastPInvokeError() : 0;
        return (int)filled;
    }

    /// <summary>Decodes one record and returns the address of the next.</summary>
    public static byte* Next(byte* record, out byte type, out byte* name)
    {
        type = record[TypeAt];
        name = record + NameAt;
        return record + *(ushort*)(record + LengthAt);
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Call(nint number, nint directory, byte* buffer, nuint size);
}

package io.larder.node.store.log;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassElement;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.MethodModel;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodType;
import java.lang.reflect.AccessFlag;
import java.lang.reflect.Method;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Loads store and device anew, tests included, with one method's body replaced by a call of a
 * mutant. What is loaded elsewhere stays as it is.
 */
final class MutantLoader extends ClassLoader {
  private static final String NODE = "io.larder.node.";

  private final Method mutant;
  private final String type;
  private final String method;
  private final AtomicInteger replaced = new AtomicInteger();

  MutantLoader(Method mutant) {
    super(MutantLoader.class.getClassLoader());
    Mutants.Replaces replaces = mutant.getAnnotation(Mutants.Replaces.class);
    if (replaces == null) {
      throw new IllegalArgumentException(mutant + " does not say what it replaces");
    }
    this.mutant = mutant;
    this.type = NODE + replaces.type();
    this.method = replaces.method();
  }

  /** How many methods were replaced: one, once the class was needed. */
  int replaced() {
    return replaced.get();
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (!name.startsWith(NODE + "store.") && !name.startsWith(NODE + "device.")) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> known = findLoadedClass(name);
      if (known != null) {
        return known;
      }
      byte[] bytes = bytes(name);
      return defineClass(name, name.equals(type) ? mutate(bytes) : bytes);
    }
  }

  private Class<?> defineClass(String name, byte[] bytes) {
    return defineClass(name, bytes, 0, bytes.length);
  }

  private byte[] bytes(String name) throws ClassNotFoundException {
    try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
      if (in == null) {
        throw new ClassNotFoundException(name);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private byte[] mutate(byte[] bytes) {
    ClassFile files = ClassFile.of();
    return files.transformClass(files.parse(bytes), this::replace);
  }

  private void replace(ClassBuilder builder, ClassElement element) {
    if (!(element instanceof MethodModel found) || !found.methodName().equalsString(method)) {
      builder.with(element);
      return;
    }
    replaced.incrementAndGet();
    builder.withMethodBody(
        found.methodName(),
        found.methodType(),
        found.flags().flagsMask(),
        code -> call(code, found));
  }

  private void call(CodeBuilder code, MethodModel found) {
    MethodTypeDesc signature = found.methodTypeSymbol();
    int slot = 0;
    if (!found.flags().has(AccessFlag.STATIC)) {
      code.aload(slot++);
    }
    for (ClassDesc parameter : signature.parameterList()) {
      TypeKind kind = TypeKind.from(parameter);
      code.loadLocal(kind, slot);
      slot += kind.slotSize();
    }
    MethodType called = MethodType.methodType(mutant.getReturnType(), mutant.getParameterTypes());
    code.invokestatic(
        ClassDesc.of(Mutants.class.getName()),
        mutant.getName(),
        called.describeConstable().orElseThrow());
    TypeKind result = TypeKind.from(signature.returnType());
    if (result == TypeKind.REFERENCE) {
      code.checkcast(signature.returnType());
    }
    code.return_(result);
  }
}
